"""Activity recognition from wearable sensors with one self-attention layer.

Symptom: accuracy in the notebook is fine at batch size 64 and collapses when samples are predicted one at a time.
Repair: the attention layer is written for (time, batch, dim); transpose before calling it and back afterwards.
"""
import numpy as np

CODES = ("batch-leak",)
PLACES = ("x", "attention", "")


def softmax(s):
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class SelfAttention:
    """h: (time, batch, dim)"""

    def __init__(self, dim, rng):
        self.Wq, self.Wk, self.Wv = (rng.normal(0, 0.5, (dim, dim)) for _ in range(3))

    def forward(self, h):
        self.h = h
        self.q, self.k, self.v = h @ self.Wq, h @ self.Wk, h @ self.Wv
        self.a = softmax(np.einsum("tbd,sbd->bts", self.q, self.k) / np.sqrt(h.shape[-1]))
        return np.einsum("bts,sbd->tbd", self.a, self.v)

    def backward(self, do):
        h, a = self.h, self.a
        da = np.einsum("tbd,sbd->bts", do, self.v)
        dv = np.einsum("bts,tbd->sbd", a, do)
        ds = a * (da - (da * a).sum(axis=-1, keepdims=True)) / np.sqrt(h.shape[-1])
        dq = np.einsum("bts,sbd->tbd", ds, self.k)
        dk = np.einsum("bts,tbd->sbd", ds, self.q)
        self.dWq = np.einsum("tbi,tbj->ij", h, dq)
        self.dWk = np.einsum("tbi,tbj->ij", h, dk)
        self.dWv = np.einsum("tbi,tbj->ij", h, dv)
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


class ActivityNet:
    """x: (batch, time, sensors) -> class scores (batch, classes)"""

    def __init__(self, sensors=3, dim=6, classes=5, seed=0):
        rng = np.random.default_rng(seed)
        self.W_in = rng.normal(0, 0.6, (sensors, dim))
        self.b_in = rng.normal(0, 0.2, dim)
        self.attention = SelfAttention(dim, rng)
        self.W_out = rng.normal(0, 0.6, (dim, classes))
        self.b_out = rng.normal(0, 0.2, classes)

    def forward(self, x):
        self.x = x
        self.e = np.tanh(x @ self.W_in + self.b_in)
        a = self.attention.forward(self.e)        # FAULT
        self.m = a.mean(axis=1)
        return self.m @ self.W_out + self.b_out

    def backward(self, dy):
        B, T, _ = self.x.shape
        self.dW_out, self.db_out = self.m.T @ dy, dy.sum(axis=0)
        da = np.repeat((dy @ self.W_out.T)[:, None, :] / T, T, axis=1)
        de = self.attention.backward(da)
        dz = de * (1 - self.e ** 2)
        self.dW_in = np.einsum("bts,btd->sd", self.x, dz)
        self.db_in = dz.sum(axis=(0, 1))
        return dz @ self.W_in.T


class SelfAttentionRepaired:
    """h: (time, batch, dim)"""

    def __init__(self, dim, rng):
        self.Wq, self.Wk, self.Wv = (rng.normal(0, 0.5, (dim, dim)) for _ in range(3))

    def forward(self, h):
        self.h = h
        self.q, self.k, self.v = h @ self.Wq, h @ self.Wk, h @ self.Wv
        self.a = softmax(np.einsum("tbd,sbd->bts", self.q, self.k) / np.sqrt(h.shape[-1]))
        return np.einsum("bts,sbd->tbd", self.a, self.v)

    def backward(self, do):
        h, a = self.h, self.a
        da = np.einsum("tbd,sbd->bts", do, self.v)
        dv = np.einsum("bts,tbd->sbd", a, do)
        ds = a * (da - (da * a).sum(axis=-1, keepdims=True)) / np.sqrt(h.shape[-1])
        dq = np.einsum("bts,sbd->tbd", ds, self.k)
        dk = np.einsum("bts,tbd->sbd", ds, self.q)
        self.dWq = np.einsum("tbi,tbj->ij", h, dq)
        self.dWk = np.einsum("tbi,tbj->ij", h, dk)
        self.dWv = np.einsum("tbi,tbj->ij", h, dv)
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


class ActivityNetRepaired:
    """x: (batch, time, sensors) -> class scores (batch, classes)"""

    def __init__(self, sensors=3, dim=6, classes=5, seed=0):
        rng = np.random.default_rng(seed)
        self.W_in = rng.normal(0, 0.6, (sensors, dim))
        self.b_in = rng.normal(0, 0.2, dim)
        self.attention = SelfAttentionRepaired(dim, rng)
        self.W_out = rng.normal(0, 0.6, (dim, classes))
        self.b_out = rng.normal(0, 0.2, classes)

    def forward(self, x):
        self.x = x
        self.e = np.tanh(x @ self.W_in + self.b_in)
        a = self.attention.forward(self.e.transpose(1, 0, 2)).transpose(1, 0, 2)
        self.m = a.mean(axis=1)
        return self.m @ self.W_out + self.b_out

    def backward(self, dy):
        B, T, _ = self.x.shape
        self.dW_out, self.db_out = self.m.T @ dy, dy.sum(axis=0)
        da = np.repeat((dy @ self.W_out.T)[:, None, :] / T, T, axis=1)
        de = self.attention.backward(da.transpose(1, 0, 2)).transpose(1, 0, 2)
        dz = de * (1 - self.e ** 2)
        self.dW_in = np.einsum("bts,btd->sd", self.x, dz)
        self.db_in = dz.sum(axis=(0, 1))
        return dz @ self.W_in.T


x = np.random.default_rng(5).normal(size=(4, 7, 3))


def faulty():
    return {"subject": ActivityNet(), "inputs": (x.copy(),)}


def correct():
    return {"subject": ActivityNetRepaired(), "inputs": (x.copy(),)}
