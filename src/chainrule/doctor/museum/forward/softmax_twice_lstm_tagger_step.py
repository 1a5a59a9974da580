"""Part-of-speech tagger: LSTM (gates i, f, o, g stacked), softmax over tags at each word, trained with step().

Symptom: the loss starts at ln C but cannot fall below about 0.9 even on a single sentence.
Repair: hand the raw scores to cross_entropy, which normalises them itself.
"""
import numpy as np

CODES = ("softmax-twice",)
PLACES = ("loss", "step", "")


def softmax(a):
    a = np.exp(a - a.max(-1, keepdims=True))
    return a / a.sum(-1, keepdims=True)


def cross_entropy(scores, tags):
    """mean cross-entropy of raw scores (B, T, C) against tags (B, T), and its gradient"""
    p = softmax(scores)
    b, t = np.indices(tags.shape)
    loss = -np.log(p[b, t, tags]).mean()
    d = p.copy()
    d[b, t, tags] -= 1
    return loss, d / tags.size


def sigma(a):
    return 1 / (1 + np.exp(-a))


class LSTMTagger:
    def __init__(self, D=4, H=3, C=5):
        r = np.random.RandomState(2)
        self.Wx, self.Wh, self.bg = r.randn(D, 4 * H) * .5, r.randn(H, 4 * H) * .5, r.randn(4 * H) * .2
        self.Wy, self.by = r.randn(H, C), r.randn(C) * .1
        self.H = H

    def scores(self, x):
        B, T, _ = x.shape
        H = self.H
        h = c = np.zeros((B, H))
        self.tape, hs = [], []
        for t in range(T):
            a = x[:, t] @ self.Wx + h @ self.Wh + self.bg
            i, f, o, g = sigma(a[:, :H]), sigma(a[:, H:2*H]), sigma(a[:, 2*H:3*H]), np.tanh(a[:, 3*H:])
            c_new = f * c + i * g
            tc = np.tanh(c_new)
            self.tape.append((x[:, t], h, c, i, f, o, g, tc))
            h, c = o * tc, c_new
            hs.append(h)
        self.hs = np.stack(hs, axis=1)
        return self.hs @ self.Wy + self.by

    def step(self, x, target, learning_rate=0.1):
        s = self.scores(x)
        out = softmax(s)
        loss, d = cross_entropy(out, target)        # FAULT
        ds = out * (d - (d * out).sum(-1, keepdims=True))
        dWy, dby = np.einsum("bth,btc->hc", self.hs, ds), ds.sum(axis=(0, 1))
        dhs = ds @ self.Wy.T
        dWx, dWh, dbg = np.zeros_like(self.Wx), np.zeros_like(self.Wh), np.zeros_like(self.bg)
        dh = dc = 0
        for t in reversed(range(x.shape[1])):
            xt, h, c, i, f, o, g, tc = self.tape[t]
            dh = dh + dhs[:, t]
            dc = dc + dh * o * (1 - tc ** 2)
            da = np.hstack([dc * g * i * (1 - i), dc * c * f * (1 - f), dh * tc * o * (1 - o), dc * i * (1 - g ** 2)])
            dWx += xt.T @ da
            dWh += h.T @ da
            dbg += da.sum(0)
            dh, dc = da @ self.Wh.T, dc * f
        for p, dp in ((self.Wx, dWx), (self.Wh, dWh), (self.bg, dbg), (self.Wy, dWy), (self.by, dby)):
            p -= learning_rate * dp
        return loss


class LSTMTaggerRepaired:
    def __init__(self, D=4, H=3, C=5):
        r = np.random.RandomState(2)
        self.Wx, self.Wh, self.bg = r.randn(D, 4 * H) * .5, r.randn(H, 4 * H) * .5, r.randn(4 * H) * .2
        self.Wy, self.by = r.randn(H, C), r.randn(C) * .1
        self.H = H

    def scores(self, x):
        B, T, _ = x.shape
        H = self.H
        h = c = np.zeros((B, H))
        self.tape, hs = [], []
        for t in range(T):
            a = x[:, t] @ self.Wx + h @ self.Wh + self.bg
            i, f, o, g = sigma(a[:, :H]), sigma(a[:, H:2*H]), sigma(a[:, 2*H:3*H]), np.tanh(a[:, 3*H:])
            c_new = f * c + i * g
            tc = np.tanh(c_new)
            self.tape.append((x[:, t], h, c, i, f, o, g, tc))
            h, c = o * tc, c_new
            hs.append(h)
        self.hs = np.stack(hs, axis=1)
        return self.hs @ self.Wy + self.by

    def step(self, x, target, learning_rate=0.1):
        s = self.scores(x)
        loss, ds = cross_entropy(s, target)
        dWy, dby = np.einsum("bth,btc->hc", self.hs, ds), ds.sum(axis=(0, 1))
        dhs = ds @ self.Wy.T
        dWx, dWh, dbg = np.zeros_like(self.Wx), np.zeros_like(self.Wh), np.zeros_like(self.bg)
        dh = dc = 0
        for t in reversed(range(x.shape[1])):
            xt, h, c, i, f, o, g, tc = self.tape[t]
            dh = dh + dhs[:, t]
            dc = dc + dh * o * (1 - tc ** 2)
            da = np.hstack([dc * g * i * (1 - i), dc * c * f * (1 - f), dh * tc * o * (1 - o), dc * i * (1 - g ** 2)])
            dWx += xt.T @ da
            dWh += h.T @ da
            dbg += da.sum(0)
            dh, dc = da @ self.Wh.T, dc * f
        for p, dp in ((self.Wx, dWx), (self.Wh, dWh), (self.bg, dbg), (self.Wy, dWy), (self.by, dby)):
            p -= learning_rate * dp
        return loss


def _data():
    r = np.random.RandomState(0)
    return r.randn(3, 6, 4), r.randint(0, 5, (3, 6))


def faulty():
    x, tags = _data()
    return {"subject": LSTMTagger(), "inputs": (x,), "target": tags}


def correct():
    x, tags = _data()
    return {"subject": LSTMTaggerRepaired(), "inputs": (x,), "target": tags}
