"""Causal linear attention as a recurrence over a key-value memory.

Symptom: the validation loss depends on the order of the batches; the same batch twice gives two outputs.
Repair: start every sequence with an empty memory.
"""
import numpy as np
CODES = ("state-carried-over",)
PLACES = ("", "memory", "S", "x", "forward")


def feature(a):
    return np.where(a > 0, a + 1, np.exp(np.minimum(a, 0)))


def feature_grad(a):
    return np.where(a > 0, 1.0, np.exp(np.minimum(a, 0)))


class LinearAttention:
    def __init__(self, dim=4, key_dim=3):
        rng = np.random.default_rng(111)
        self.Wq, self.Wk = rng.normal(size=(dim, key_dim)) * 0.5, rng.normal(size=(dim, key_dim)) * 0.5
        self.Wv = rng.normal(size=(dim, dim)) * 0.5
        self.memory = None

    def forward(self, x):
        B, T, D = x.shape
        if self.memory is None:  # FAULT
            self.memory = np.zeros((B, self.Wq.shape[1], D))  # FAULT
        self.x, self.aq, self.ak, self.v = x, x @ self.Wq, x @ self.Wk, x @ self.Wv
        self.q, self.k = feature(self.aq), feature(self.ak)
        self.states, y = [], np.zeros_like(x)
        for t in range(T):
            self.memory = self.memory + self.k[:, t, :, None] * self.v[:, t, None, :]
            self.states.append(self.memory)
            y[:, t] = np.einsum("bk,bkd->bd", self.q[:, t], self.memory)
        return y

    def backward(self, dy):
        dq, dk, dv = np.zeros_like(self.q), np.zeros_like(self.k), np.zeros_like(self.v)
        dS = np.zeros_like(self.memory)
        for t in reversed(range(dy.shape[1])):
            dq[:, t] = np.einsum("bd,bkd->bk", dy[:, t], self.states[t])
            dS = dS + self.q[:, t, :, None] * dy[:, t, None, :]
            dk[:, t] = np.einsum("bkd,bd->bk", dS, self.v[:, t])
            dv[:, t] = np.einsum("bkd,bk->bd", dS, self.k[:, t])
        dq, dk = dq * feature_grad(self.aq), dk * feature_grad(self.ak)
        self.dWq, self.dWk, self.dWv = (np.einsum("bti,bto->io", self.x, g) for g in (dq, dk, dv))
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


class LinearAttentionRepaired:
    def __init__(self, dim=4, key_dim=3):
        rng = np.random.default_rng(111)
        self.Wq, self.Wk = rng.normal(size=(dim, key_dim)) * 0.5, rng.normal(size=(dim, key_dim)) * 0.5
        self.Wv = rng.normal(size=(dim, dim)) * 0.5
        self.memory = None

    def forward(self, x):
        B, T, D = x.shape
        self.memory = np.zeros((B, self.Wq.shape[1], D))
        self.x, self.aq, self.ak, self.v = x, x @ self.Wq, x @ self.Wk, x @ self.Wv
        self.q, self.k = feature(self.aq), feature(self.ak)
        self.states, y = [], np.zeros_like(x)
        for t in range(T):
            self.memory = self.memory + self.k[:, t, :, None] * self.v[:, t, None, :]
            self.states.append(self.memory)
            y[:, t] = np.einsum("bk,bkd->bd", self.q[:, t], self.memory)
        return y

    def backward(self, dy):
        dq, dk, dv = np.zeros_like(self.q), np.zeros_like(self.k), np.zeros_like(self.v)
        dS = np.zeros_like(self.memory)
        for t in reversed(range(dy.shape[1])):
            dq[:, t] = np.einsum("bd,bkd->bk", dy[:, t], self.states[t])
            dS = dS + self.q[:, t, :, None] * dy[:, t, None, :]
            dk[:, t] = np.einsum("bkd,bd->bk", dS, self.v[:, t])
            dv[:, t] = np.einsum("bkd,bk->bd", dS, self.k[:, t])
        dq, dk = dq * feature_grad(self.aq), dk * feature_grad(self.ak)
        self.dWq, self.dWk, self.dWv = (np.einsum("bti,bto->io", self.x, g) for g in (dq, dk, dv))
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


def faulty():
    return {"subject": LinearAttention(), "inputs": (np.random.default_rng(112).normal(size=(2, 5, 4)),)}


def correct():
    return {"subject": LinearAttentionRepaired(), "inputs": (np.random.default_rng(112).normal(size=(2, 5, 4)),)}
