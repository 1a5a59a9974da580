"""Cross-attention whose memory gets the gradient of the values only.

Symptom: the encoder learns what to say but not what to be found by.
Repair: add what comes back through the keys.
"""
import numpy as np

CODES = ("memory-gradient-lost",)
PLACES = ("memory", "")


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


class CrossAttention:
    """x (B, T, D) attends to memory (B, S, M)."""

    def __init__(self, dim, memory_dim, width, rng):
        self.Wq = rng.normal(0, dim**-0.5, (dim, width))
        self.Wk = rng.normal(0, memory_dim**-0.5, (memory_dim, width))
        self.Wv = rng.normal(0, memory_dim**-0.5, (memory_dim, width))
        self.Wo = rng.normal(0, width**-0.5, (width, dim))
        self.c = 1 / np.sqrt(width)

    def forward(self, x, memory):
        self.x, self.memory = x, memory
        self.q, self.k, self.v = x @ self.Wq, memory @ self.Wk, memory @ self.Wv
        self.a = softmax(self.q @ self.k.transpose(0, 2, 1) * self.c)
        self.o = self.a @ self.v
        return self.o @ self.Wo

    def backward(self, dy):
        self.dWo = np.einsum("btw,btd->wd", self.o, dy)
        do = dy @ self.Wo.T
        dv = self.a.transpose(0, 2, 1) @ do
        da = do @ self.v.transpose(0, 2, 1)
        ds = self.a * (da - (da * self.a).sum(-1, keepdims=True)) * self.c
        dq, dk = ds @ self.k, ds.transpose(0, 2, 1) @ self.q
        self.dWq = np.einsum("btd,btw->dw", self.x, dq)
        self.dWk = np.einsum("bsm,bsw->mw", self.memory, dk)
        self.dWv = np.einsum("bsm,bsw->mw", self.memory, dv)
        dx = dq @ self.Wq.T
        dmemory = dv @ self.Wv.T  # FAULT
        return dx, dmemory


class CrossAttentionRepaired:
    """x (B, T, D) attends to memory (B, S, M)."""

    def __init__(self, dim, memory_dim, width, rng):
        self.Wq = rng.normal(0, dim**-0.5, (dim, width))
        self.Wk = rng.normal(0, memory_dim**-0.5, (memory_dim, width))
        self.Wv = rng.normal(0, memory_dim**-0.5, (memory_dim, width))
        self.Wo = rng.normal(0, width**-0.5, (width, dim))
        self.c = 1 / np.sqrt(width)

    def forward(self, x, memory):
        self.x, self.memory = x, memory
        self.q, self.k, self.v = x @ self.Wq, memory @ self.Wk, memory @ self.Wv
        self.a = softmax(self.q @ self.k.transpose(0, 2, 1) * self.c)
        self.o = self.a @ self.v
        return self.o @ self.Wo

    def backward(self, dy):
        self.dWo = np.einsum("btw,btd->wd", self.o, dy)
        do = dy @ self.Wo.T
        dv = self.a.transpose(0, 2, 1) @ do
        da = do @ self.v.transpose(0, 2, 1)
        ds = self.a * (da - (da * self.a).sum(-1, keepdims=True)) * self.c
        dq, dk = ds @ self.k, ds.transpose(0, 2, 1) @ self.q
        self.dWq = np.einsum("btd,btw->dw", self.x, dq)
        self.dWk = np.einsum("bsm,bsw->mw", self.memory, dk)
        self.dWv = np.einsum("bsm,bsw->mw", self.memory, dv)
        dx = dq @ self.Wq.T
        dmemory = dk @ self.Wk.T + dv @ self.Wv.T
        return dx, dmemory


def faulty():
    rng = np.random.default_rng(0)
    x, memory = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5, 6))
    return {"subject": CrossAttention(4, 6, 7, rng), "inputs": (x, memory)}


def correct():
    rng = np.random.default_rng(0)
    x, memory = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5, 6))
    return {"subject": CrossAttentionRepaired(4, 6, 7, rng), "inputs": (x, memory)}
