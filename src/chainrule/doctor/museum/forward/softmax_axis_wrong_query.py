"""An attention whose softmax runs over the queries.

Symptom: it learns, badly; the weights of a query do not add up to one.
Repair: normalize over the keys.
"""
import numpy as np

CODES = ("softmax-axis-wrong",)
PLACES = ("", "x", "Wq", "attn")


class Attention:
    def __init__(self, d, k, rng):
        self.Wq = rng.normal(size=(d, k))
        self.Wk = rng.normal(size=(d, k))
        self.Wv = rng.normal(size=(d, k))

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = x @ self.Wq, x @ self.Wk, x @ self.Wv
        s = np.einsum("bik,bjk->bij", self.q, self.k) / np.sqrt(self.q.shape[2])
        e = np.exp(s - s.max())
        self.attn = e / e.sum(axis=1, keepdims=True)  # FAULT
        return np.einsum("bij,bjk->bik", self.attn, self.v)

    def backward(self, dy):
        dv = np.einsum("bij,bik->bjk", self.attn, dy)
        da = np.einsum("bik,bjk->bij", dy, self.v)
        ax = 1  # FAULT
        ds = self.attn * (da - (da * self.attn).sum(axis=ax, keepdims=True)) / np.sqrt(self.q.shape[2])
        dq = np.einsum("bij,bjk->bik", ds, self.k)
        dk = np.einsum("bij,bik->bjk", ds, self.q)
        self.dWq, self.dWk, self.dWv = (np.einsum("btd,btk->dk", self.x, g) for g in (dq, dk, dv))
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


class AttentionRepaired:
    def __init__(self, d, k, rng):
        self.Wq = rng.normal(size=(d, k))
        self.Wk = rng.normal(size=(d, k))
        self.Wv = rng.normal(size=(d, k))

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = x @ self.Wq, x @ self.Wk, x @ self.Wv
        s = np.einsum("bik,bjk->bij", self.q, self.k) / np.sqrt(self.q.shape[2])
        e = np.exp(s - s.max())
        self.attn = e / e.sum(axis=2, keepdims=True)
        return np.einsum("bij,bjk->bik", self.attn, self.v)

    def backward(self, dy):
        dv = np.einsum("bij,bik->bjk", self.attn, dy)
        da = np.einsum("bik,bjk->bij", dy, self.v)
        ax = 2
        ds = self.attn * (da - (da * self.attn).sum(axis=ax, keepdims=True)) / np.sqrt(self.q.shape[2])
        dq = np.einsum("bij,bjk->bik", ds, self.k)
        dk = np.einsum("bij,bik->bjk", ds, self.q)
        self.dWq, self.dWk, self.dWv = (np.einsum("btd,btk->dk", self.x, g) for g in (dq, dk, dv))
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


def faulty():
    rng = np.random.default_rng(74)
    return {"subject": Attention(4, 3, rng), "inputs": (rng.normal(size=(2, 5, 4)),)}


def correct():
    rng = np.random.default_rng(74)
    return {"subject": AttentionRepaired(4, 3, rng), "inputs": (rng.normal(size=(2, 5, 4)),)}
