"""Toy translation (reverse a string): RNN encoder, RNN decoder with teacher forcing, one object that trains itself.

Symptom: loss -> 0 after some hundred steps; greedy decoding repeats the start token for ever.
Repair: feed the decoder [BOS] + target[:-1].
"""
import numpy as np

CODES = ("target-leak",)
PLACES = ("target", "step", "")

BOS = 0


class Seq2Seq:
    def __init__(self, vocab=7, emb=3, hid=5, seed=1):
        r = np.random.RandomState(seed)
        m = lambda *s: r.randn(*s) * 0.5
        self.P = dict(E=m(vocab, emb), Ux=m(emb, hid), Uh=m(hid, hid), Dx=m(emb, hid), Dh=m(hid, hid), bd=m(hid),
                      V=m(hid, vocab), c=m(vocab))
        self.hid = hid

    def logits(self, src, target):
        P = self.P
        h = np.zeros((src.shape[0], self.hid))
        self.eh, self.dh = [h], []
        for t in range(src.shape[1]):
            h = np.tanh(P["E"][src[:, t]] @ P["Ux"] + h @ P["Uh"])
            self.eh.append(h)
        self.fed = target        # FAULT
        self.dh.append(h)
        for t in range(self.fed.shape[1]):
            h = np.tanh(P["E"][self.fed[:, t]] @ P["Dx"] + h @ P["Dh"] + P["bd"])
            self.dh.append(h)
        return np.stack(self.dh[1:], axis=1) @ P["V"] + P["c"]

    def step(self, x, target, learning_rate):
        P = self.P
        z = self.logits(x, target)
        z = np.exp(z - z.max(-1, keepdims=True))
        p = z / z.sum(-1, keepdims=True)
        b, s = np.indices(target.shape)
        loss = -np.log(p[b, s, target]).mean()
        dz = p
        dz[b, s, target] -= 1
        dz /= target.size
        G = {k: np.zeros_like(v) for k, v in P.items()}
        dh = np.zeros((len(x), self.hid))
        for t in reversed(range(target.shape[1])):
            G["V"] += self.dh[t + 1].T @ dz[:, t]
            G["c"] += dz[:, t].sum(0)
            da = (dh + dz[:, t] @ P["V"].T) * (1 - self.dh[t + 1] ** 2)
            G["Dx"] += P["E"][self.fed[:, t]].T @ da
            G["Dh"] += self.dh[t].T @ da
            G["bd"] += da.sum(0)
            np.add.at(G["E"], self.fed[:, t], da @ P["Dx"].T)
            dh = da @ P["Dh"].T
        for t in reversed(range(x.shape[1])):
            da = dh * (1 - self.eh[t + 1] ** 2)
            G["Ux"] += P["E"][x[:, t]].T @ da
            G["Uh"] += self.eh[t].T @ da
            np.add.at(G["E"], x[:, t], da @ P["Ux"].T)
            dh = da @ P["Uh"].T
        for k in P:
            P[k] -= learning_rate * G[k]
        return loss


class Seq2SeqRepaired:
    def __init__(self, vocab=7, emb=3, hid=5, seed=1):
        r = np.random.RandomState(seed)
        m = lambda *s: r.randn(*s) * 0.5
        self.P = dict(E=m(vocab, emb), Ux=m(emb, hid), Uh=m(hid, hid), Dx=m(emb, hid), Dh=m(hid, hid), bd=m(hid),
                      V=m(hid, vocab), c=m(vocab))
        self.hid = hid

    def logits(self, src, target):
        P = self.P
        h = np.zeros((src.shape[0], self.hid))
        self.eh, self.dh = [h], []
        for t in range(src.shape[1]):
            h = np.tanh(P["E"][src[:, t]] @ P["Ux"] + h @ P["Uh"])
            self.eh.append(h)
        self.fed = np.concatenate([np.full((len(target), 1), BOS), target[:, :-1]], axis=1)
        self.dh.append(h)
        for t in range(self.fed.shape[1]):
            h = np.tanh(P["E"][self.fed[:, t]] @ P["Dx"] + h @ P["Dh"] + P["bd"])
            self.dh.append(h)
        return np.stack(self.dh[1:], axis=1) @ P["V"] + P["c"]

    def step(self, x, target, learning_rate):
        P = self.P
        z = self.logits(x, target)
        z = np.exp(z - z.max(-1, keepdims=True))
        p = z / z.sum(-1, keepdims=True)
        b, s = np.indices(target.shape)
        loss = -np.log(p[b, s, target]).mean()
        dz = p
        dz[b, s, target] -= 1
        dz /= target.size
        G = {k: np.zeros_like(v) for k, v in P.items()}
        dh = np.zeros((len(x), self.hid))
        for t in reversed(range(target.shape[1])):
            G["V"] += self.dh[t + 1].T @ dz[:, t]
            G["c"] += dz[:, t].sum(0)
            da = (dh + dz[:, t] @ P["V"].T) * (1 - self.dh[t + 1] ** 2)
            G["Dx"] += P["E"][self.fed[:, t]].T @ da
            G["Dh"] += self.dh[t].T @ da
            G["bd"] += da.sum(0)
            np.add.at(G["E"], self.fed[:, t], da @ P["Dx"].T)
            dh = da @ P["Dh"].T
        for t in reversed(range(x.shape[1])):
            da = dh * (1 - self.eh[t + 1] ** 2)
            G["Ux"] += P["E"][x[:, t]].T @ da
            G["Uh"] += self.eh[t].T @ da
            np.add.at(G["E"], x[:, t], da @ P["Ux"].T)
            dh = da @ P["Uh"].T
        for k in P:
            P[k] -= learning_rate * G[k]
        return loss


def _data():
    r = np.random.RandomState(8)
    src = r.randint(1, 7, (3, 5))
    return src, src[:, :0:-1].copy()


def faulty():
    src, tgt = _data()
    return {"subject": Seq2Seq(), "inputs": (src,), "target": tgt}


def correct():
    src, tgt = _data()
    return {"subject": Seq2SeqRepaired(), "inputs": (src,), "target": tgt}
