"""Single-head attention with dropout on the attention weights (global NumPy generator).

Symptom: two evaluations of the same checkpoint give two different scores.
Repair: hand the training flag on to the dropout of the attention weights.
"""
import numpy as np

CODES = ("train-eval-mismatch",)
PLACES = ("attn", "x", "dropout", "")


def dropout(a, rate, training=True):
    if not training or rate == 0:
        return a, np.ones_like(a)
    mask = (np.random.rand(*a.shape) > rate) / (1.0 - rate)
    return a * mask, mask


class DropAttention:
    def __init__(self, n=6, rate=0.25):
        rs = np.random.RandomState(0)
        self.P = [rs.randn(n, n) * 0.5 for _ in range(4)]      # q, k, v, output
        self.G = [np.zeros((n, n)) for _ in range(4)]
        self.rate = rate

    def forward(self, x, training=True):
        q, k, v = (x @ w for w in self.P[:3])
        s = q @ k.transpose(0, 2, 1) / np.sqrt(x.shape[2])
        a = np.exp(s - s.max(axis=2, keepdims=True))
        a /= a.sum(axis=2, keepdims=True)
        ad, m1 = dropout(a, self.rate)        # FAULT
        c = ad @ v
        y, m2 = dropout(c @ self.P[3], self.rate, training)
        self.cache = x, q, k, v, a, ad, m1, c, m2
        return y

    def backward(self, dy):
        x, q, k, v, a, ad, m1, c, m2 = self.cache
        dy = dy * m2
        self.G[3] = np.einsum("bti,btj->ij", c, dy)
        dc = dy @ self.P[3].T
        da = (dc @ v.transpose(0, 2, 1)) * m1
        ds = a * (da - (da * a).sum(axis=2, keepdims=True)) / np.sqrt(x.shape[2])
        grads = (ds @ k, ds.transpose(0, 2, 1) @ q, ad.transpose(0, 2, 1) @ dc)
        dx = np.zeros_like(x)
        for n, d in enumerate(grads):
            self.G[n] = np.einsum("bti,btj->ij", x, d)
            dx += d @ self.P[n].T
        return dx


def dropout_repaired(a, rate, training=True):
    if not training or rate == 0:
        return a, np.ones_like(a)
    mask = (np.random.rand(*a.shape) > rate) / (1.0 - rate)
    return a * mask, mask


class DropAttentionRepaired:
    def __init__(self, n=6, rate=0.25):
        rs = np.random.RandomState(0)
        self.P = [rs.randn(n, n) * 0.5 for _ in range(4)]      # q, k, v, output
        self.G = [np.zeros((n, n)) for _ in range(4)]
        self.rate = rate

    def forward(self, x, training=True):
        q, k, v = (x @ w for w in self.P[:3])
        s = q @ k.transpose(0, 2, 1) / np.sqrt(x.shape[2])
        a = np.exp(s - s.max(axis=2, keepdims=True))
        a /= a.sum(axis=2, keepdims=True)
        ad, m1 = dropout_repaired(a, self.rate, training)
        c = ad @ v
        y, m2 = dropout_repaired(c @ self.P[3], self.rate, training)
        self.cache = x, q, k, v, a, ad, m1, c, m2
        return y

    def backward(self, dy):
        x, q, k, v, a, ad, m1, c, m2 = self.cache
        dy = dy * m2
        self.G[3] = np.einsum("bti,btj->ij", c, dy)
        dc = dy @ self.P[3].T
        da = (dc @ v.transpose(0, 2, 1)) * m1
        ds = a * (da - (da * a).sum(axis=2, keepdims=True)) / np.sqrt(x.shape[2])
        grads = (ds @ k, ds.transpose(0, 2, 1) @ q, ad.transpose(0, 2, 1) @ dc)
        dx = np.zeros_like(x)
        for n, d in enumerate(grads):
            self.G[n] = np.einsum("bti,btj->ij", x, d)
            dx += d @ self.P[n].T
        return dx


def faulty():
    return {"subject": DropAttention(), "inputs": (np.random.RandomState(5).randn(2, 4, 6),), "training": False}


def correct():
    return {"subject": DropAttentionRepaired(), "inputs": (np.random.RandomState(5).randn(2, 4, 6),), "training": False}
