"""Multi-head self-attention with separate split and merge.

Symptom: with one head all gradients are right; with more, positions receive each other's gradients.
Repair: undo a transpose by a transpose, then reshape.
"""
import numpy as np

CODES = ("reshape-for-transpose",)
PLACES = ("Wq", "Wk", "Wv", "x", "")


class MultiHeadSelfAttention:
    def __init__(self, d_model, n_heads, rng):
        self.h, self.d = n_heads, d_model // n_heads
        init = lambda: rng.normal(size=(d_model, d_model)) / np.sqrt(d_model)
        self.Wq, self.Wk, self.Wv, self.Wo = init(), init(), init(), init()

    def split(self, m):
        B, T, _ = m.shape
        return m.reshape(B, T, self.h, self.d).transpose(0, 2, 1, 3)

    def forward(self, x):
        B, T, D = x.shape
        self.x = x
        self.q, self.k, self.v = self.split(x @ self.Wq), self.split(x @ self.Wk), self.split(x @ self.Wv)
        s = self.q @ self.k.transpose(0, 1, 3, 2) / np.sqrt(self.d)
        e = np.exp(s - s.max(axis=-1, keepdims=True))
        self.p = e / e.sum(axis=-1, keepdims=True)
        self.o = (self.p @ self.v).transpose(0, 2, 1, 3).reshape(B, T, D)
        return self.o @ self.Wo

    def backward(self, dy):
        B, T, D = self.x.shape
        flat = lambda m: m.reshape(B * T, D)
        self.dWo = flat(self.o).T @ flat(dy)
        do = self.split(dy @ self.Wo.T)
        dv = self.p.transpose(0, 1, 3, 2) @ do
        dp = do @ self.v.transpose(0, 1, 3, 2)
        ds = self.p * (dp - (dp * self.p).sum(axis=-1, keepdims=True)) / np.sqrt(self.d)
        dq = ds @ self.k
        dk = ds.transpose(0, 1, 3, 2) @ self.q
        dq = dq.reshape(B, T, D)  # FAULT
        dk = dk.reshape(B, T, D)  # FAULT
        dv = dv.reshape(B, T, D)  # FAULT
        self.dWq = flat(self.x).T @ flat(dq)
        self.dWk = flat(self.x).T @ flat(dk)
        self.dWv = flat(self.x).T @ flat(dv)
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


class MultiHeadSelfAttentionRepaired:
    def __init__(self, d_model, n_heads, rng):
        self.h, self.d = n_heads, d_model // n_heads
        init = lambda: rng.normal(size=(d_model, d_model)) / np.sqrt(d_model)
        self.Wq, self.Wk, self.Wv, self.Wo = init(), init(), init(), init()

    def split(self, m):
        B, T, _ = m.shape
        return m.reshape(B, T, self.h, self.d).transpose(0, 2, 1, 3)

    def forward(self, x):
        B, T, D = x.shape
        self.x = x
        self.q, self.k, self.v = self.split(x @ self.Wq), self.split(x @ self.Wk), self.split(x @ self.Wv)
        s = self.q @ self.k.transpose(0, 1, 3, 2) / np.sqrt(self.d)
        e = np.exp(s - s.max(axis=-1, keepdims=True))
        self.p = e / e.sum(axis=-1, keepdims=True)
        self.o = (self.p @ self.v).transpose(0, 2, 1, 3).reshape(B, T, D)
        return self.o @ self.Wo

    def backward(self, dy):
        B, T, D = self.x.shape
        flat = lambda m: m.reshape(B * T, D)
        self.dWo = flat(self.o).T @ flat(dy)
        do = self.split(dy @ self.Wo.T)
        dv = self.p.transpose(0, 1, 3, 2) @ do
        dp = do @ self.v.transpose(0, 1, 3, 2)
        ds = self.p * (dp - (dp * self.p).sum(axis=-1, keepdims=True)) / np.sqrt(self.d)
        dq = ds @ self.k
        dk = ds.transpose(0, 1, 3, 2) @ self.q
        dq = dq.transpose(0, 2, 1, 3).reshape(B, T, D)
        dk = dk.transpose(0, 2, 1, 3).reshape(B, T, D)
        dv = dv.transpose(0, 2, 1, 3).reshape(B, T, D)
        self.dWq = flat(self.x).T @ flat(dq)
        self.dWk = flat(self.x).T @ flat(dk)
        self.dWv = flat(self.x).T @ flat(dv)
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


def faulty():
    rng = np.random.default_rng(20)
    return {"subject": MultiHeadSelfAttention(6, 2, rng), "inputs": (rng.normal(size=(2, 5, 6)),)}


def correct():
    rng = np.random.default_rng(20)
    return {"subject": MultiHeadSelfAttentionRepaired(6, 2, rng), "inputs": (rng.normal(size=(2, 5, 6)),)}
