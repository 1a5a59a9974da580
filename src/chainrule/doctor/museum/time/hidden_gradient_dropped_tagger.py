"""A sequence tagger with one training step; its LSTM carries the cell's gradient only.

Symptom: better than a plain tagger, worse than the same LSTM elsewhere.
Repair: add the gradient that comes back through the recurrent weights.
"""
import numpy as np

CODES = ("hidden-gradient-dropped",)
PLACES = ("x", "lstm", "lstm.Wx", "lstm.Wh", "lstm.b", "")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class LSTM:
    def __init__(self, n_in, n_hidden, rng):
        self.H = n_hidden
        self.Wx = rng.normal(0, 1 / np.sqrt(n_in), (n_in, 4 * n_hidden))
        self.Wh = rng.normal(0, 1 / np.sqrt(n_hidden), (n_hidden, 4 * n_hidden))
        self.b = np.zeros(4 * n_hidden)

    def forward(self, x):
        h = c = np.zeros((len(x), self.H))
        self.steps, out = [], []
        for t in range(x.shape[1]):
            a = x[:, t] @ self.Wx + h @ self.Wh + self.b
            i, f, o, g = np.split(a, 4, axis=1)
            i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
            c_new = f * c + i * g
            tanh_c = np.tanh(c_new)
            self.steps.append((x[:, t], h, c, i, f, o, g, tanh_c))
            h, c = o * tanh_c, c_new
            out.append(h)
        return np.stack(out, axis=1)

    def backward(self, dout, lr):
        dWx, dWh, db = np.zeros_like(self.Wx), np.zeros_like(self.Wh), np.zeros_like(self.b)
        dx = []
        dh_next = np.zeros_like(dout[:, 0])
        dc_next = np.zeros_like(dout[:, 0])
        for t in reversed(range(len(self.steps))):
            x, h, c, i, f, o, g, tanh_c = self.steps[t]
            dh = dout[:, t] + dh_next
            dc = dc_next + dh * o * (1 - tanh_c**2)
            da = np.hstack([dc * g * i * (1 - i), dc * c * f * (1 - f),
                            dh * tanh_c * o * (1 - o), dc * i * (1 - g**2)])
            dWx += x.T @ da
            dWh += h.T @ da
            db += da.sum(axis=0)
            dx.insert(0, da @ self.Wx.T)
            dc_next = dc * f  # FAULT
        self.Wx -= lr * dWx
        self.Wh -= lr * dWh
        self.b -= lr * db
        return np.stack(dx, axis=1)


class Tagger:
    def __init__(self, n_in, n_hidden, n_tags, rng):
        self.lstm = LSTM(n_in, n_hidden, rng)
        self.V = rng.normal(0, 1 / np.sqrt(n_hidden), (n_hidden, n_tags))

    def scores(self, x):
        self.h = self.lstm.forward(x)
        return self.h @ self.V

    def learn(self, dlogits, lr):
        dh = dlogits @ self.V.T
        self.V -= lr * np.tensordot(self.h, dlogits, axes=([0, 1], [0, 1]))
        self.lstm.backward(dh, lr)

    def step(self, x, target, learning_rate):
        logits = self.scores(x)
        e = np.exp(logits - logits.max(axis=-1, keepdims=True))
        p = e / e.sum(axis=-1, keepdims=True)
        hot = np.eye(p.shape[-1])[target]
        self.learn((p - hot) / target.size, learning_rate)
        return float(-np.mean(np.log(np.sum(p * hot, axis=-1))))


class LSTMRepaired:
    def __init__(self, n_in, n_hidden, rng):
        self.H = n_hidden
        self.Wx = rng.normal(0, 1 / np.sqrt(n_in), (n_in, 4 * n_hidden))
        self.Wh = rng.normal(0, 1 / np.sqrt(n_hidden), (n_hidden, 4 * n_hidden))
        self.b = np.zeros(4 * n_hidden)

    def forward(self, x):
        h = c = np.zeros((len(x), self.H))
        self.steps, out = [], []
        for t in range(x.shape[1]):
            a = x[:, t] @ self.Wx + h @ self.Wh + self.b
            i, f, o, g = np.split(a, 4, axis=1)
            i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
            c_new = f * c + i * g
            tanh_c = np.tanh(c_new)
            self.steps.append((x[:, t], h, c, i, f, o, g, tanh_c))
            h, c = o * tanh_c, c_new
            out.append(h)
        return np.stack(out, axis=1)

    def backward(self, dout, lr):
        dWx, dWh, db = np.zeros_like(self.Wx), np.zeros_like(self.Wh), np.zeros_like(self.b)
        dx = []
        dh_next = np.zeros_like(dout[:, 0])
        dc_next = np.zeros_like(dout[:, 0])
        for t in reversed(range(len(self.steps))):
            x, h, c, i, f, o, g, tanh_c = self.steps[t]
            dh = dout[:, t] + dh_next
            dc = dc_next + dh * o * (1 - tanh_c**2)
            da = np.hstack([dc * g * i * (1 - i), dc * c * f * (1 - f),
                            dh * tanh_c * o * (1 - o), dc * i * (1 - g**2)])
            dWx += x.T @ da
            dWh += h.T @ da
            db += da.sum(axis=0)
            dx.insert(0, da @ self.Wx.T)
            dc_next = dc * f
            dh_next = da @ self.Wh.T
        self.Wx -= lr * dWx
        self.Wh -= lr * dWh
        self.b -= lr * db
        return np.stack(dx, axis=1)


class TaggerRepaired:
    def __init__(self, n_in, n_hidden, n_tags, rng):
        self.lstm = LSTMRepaired(n_in, n_hidden, rng)
        self.V = rng.normal(0, 1 / np.sqrt(n_hidden), (n_hidden, n_tags))

    def scores(self, x):
        self.h = self.lstm.forward(x)
        return self.h @ self.V

    def learn(self, dlogits, lr):
        dh = dlogits @ self.V.T
        self.V -= lr * np.tensordot(self.h, dlogits, axes=([0, 1], [0, 1]))
        self.lstm.backward(dh, lr)

    def step(self, x, target, learning_rate):
        logits = self.scores(x)
        e = np.exp(logits - logits.max(axis=-1, keepdims=True))
        p = e / e.sum(axis=-1, keepdims=True)
        hot = np.eye(p.shape[-1])[target]
        self.learn((p - hot) / target.size, learning_rate)
        return float(-np.mean(np.log(np.sum(p * hot, axis=-1))))


def faulty():
    rng = np.random.default_rng(2)
    x, target = rng.normal(size=(3, 5, 4)), rng.integers(0, 3, size=(3, 5))
    return {"subject": Tagger(4, 5, 3, rng), "inputs": (x,), "target": target}


def correct():
    rng = np.random.default_rng(2)
    x, target = rng.normal(size=(3, 5, 4)), rng.integers(0, 3, size=(3, 5))
    return {"subject": TaggerRepaired(4, 5, 3, rng), "inputs": (x,), "target": target}
