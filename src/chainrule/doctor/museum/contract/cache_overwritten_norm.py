"""A cross-attention block that normalizes its two inputs with one and the same layer normalization.

Symptom: the gradient check fails for x, and for the norm's gain, but not for the memory.
Repair: the norm must keep what each of its uses needs, here under the name of the use.
"""
import numpy as np

CODES = ("cache-overwritten",)
PLACES = ("norm", "x", "norm.gain", "norm.shift")


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def product(a, b):
    """Weight gradient of a @ W for inputs (batch, time, features)."""
    return np.einsum("bti,bto->io", a, b)


class LayerNorm:
    def __init__(self, width, rng):
        self.gain = rng.uniform(0.6, 1.4, width)
        self.shift = rng.normal(0, 0.3, width)
        self.clear()

    def clear(self):
        self.grad_gain = np.zeros_like(self.gain)
        self.grad_shift = np.zeros_like(self.shift)

    def forward(self, x):
        std = np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)
        x_hat = (x - x.mean(axis=-1, keepdims=True)) / std
        self.saved = (x_hat, std)  # FAULT
        return self.gain * x_hat + self.shift

    def backward(self, dy):
        x_hat, std = self.saved  # FAULT
        self.grad_gain += (dy * x_hat).sum(axis=(0, 1))
        self.grad_shift += dy.sum(axis=(0, 1))
        d = dy * self.gain
        d = d - d.mean(axis=-1, keepdims=True) - x_hat * (d * x_hat).mean(axis=-1, keepdims=True)
        return d / std


class CrossBlock:
    """y = x + attention(norm(x), norm(memory))"""

    def __init__(self, width, d, rng):
        self.norm = LayerNorm(width, rng)
        self.d = d
        self.Wq = rng.normal(0, width ** -0.5, (width, d))
        self.Wk = rng.normal(0, width ** -0.5, (width, d))
        self.Wv = rng.normal(0, width ** -0.5, (width, width))

    def forward(self, x, memory):
        self.norm.clear()
        self.a = self.norm.forward(x)
        self.m = self.norm.forward(memory)
        self.q, self.k, self.v = self.a @ self.Wq, self.m @ self.Wk, self.m @ self.Wv
        self.p = softmax(self.q @ self.k.transpose(0, 2, 1) / np.sqrt(self.d))
        return x + self.p @ self.v

    def backward(self, dy):
        self.norm.clear()
        dv = self.p.transpose(0, 2, 1) @ dy
        dp = dy @ self.v.transpose(0, 2, 1)
        ds = self.p * (dp - (dp * self.p).sum(axis=-1, keepdims=True)) / np.sqrt(self.d)
        dq, dk = ds @ self.k, ds.transpose(0, 2, 1) @ self.q
        self.grad_Wq, self.grad_Wk = product(self.a, dq), product(self.m, dk)
        self.grad_Wv = product(self.m, dv)
        dmemory = self.norm.backward(dk @ self.Wk.T + dv @ self.Wv.T)
        dx = dy + self.norm.backward(dq @ self.Wq.T)
        return dx, dmemory


class LayerNormRepaired:
    def __init__(self, width, rng):
        self.gain = rng.uniform(0.6, 1.4, width)
        self.shift = rng.normal(0, 0.3, width)
        self.saved = {}
        self.clear()

    def clear(self):
        self.grad_gain = np.zeros_like(self.gain)
        self.grad_shift = np.zeros_like(self.shift)

    def forward(self, x, use):
        std = np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)
        x_hat = (x - x.mean(axis=-1, keepdims=True)) / std
        self.saved[use] = (x_hat, std)
        return self.gain * x_hat + self.shift

    def backward(self, dy, use):
        x_hat, std = self.saved[use]
        self.grad_gain += (dy * x_hat).sum(axis=(0, 1))
        self.grad_shift += dy.sum(axis=(0, 1))
        d = dy * self.gain
        d = d - d.mean(axis=-1, keepdims=True) - x_hat * (d * x_hat).mean(axis=-1, keepdims=True)
        return d / std


class CrossBlockRepaired:
    """y = x + attention(norm(x), norm(memory))"""

    def __init__(self, width, d, rng):
        self.norm = LayerNormRepaired(width, rng)
        self.d = d
        self.Wq = rng.normal(0, width ** -0.5, (width, d))
        self.Wk = rng.normal(0, width ** -0.5, (width, d))
        self.Wv = rng.normal(0, width ** -0.5, (width, width))

    def forward(self, x, memory):
        self.norm.clear()
        self.a = self.norm.forward(x, "x")
        self.m = self.norm.forward(memory, "memory")
        self.q, self.k, self.v = self.a @ self.Wq, self.m @ self.Wk, self.m @ self.Wv
        self.p = softmax(self.q @ self.k.transpose(0, 2, 1) / np.sqrt(self.d))
        return x + self.p @ self.v

    def backward(self, dy):
        self.norm.clear()
        dv = self.p.transpose(0, 2, 1) @ dy
        dp = dy @ self.v.transpose(0, 2, 1)
        ds = self.p * (dp - (dp * self.p).sum(axis=-1, keepdims=True)) / np.sqrt(self.d)
        dq, dk = ds @ self.k, ds.transpose(0, 2, 1) @ self.q
        self.grad_Wq, self.grad_Wk = product(self.a, dq), product(self.m, dk)
        self.grad_Wv = product(self.m, dv)
        dmemory = self.norm.backward(dk @ self.Wk.T + dv @ self.Wv.T, "memory")
        dx = dy + self.norm.backward(dq @ self.Wq.T, "x")
        return dx, dmemory


def faulty():
    rng = np.random.default_rng(51)
    block = CrossBlock(6, 4, rng)
    return {"subject": block, "inputs": (rng.normal(size=(2, 3, 6)), rng.normal(size=(2, 3, 6)))}


def correct():
    rng = np.random.default_rng(51)
    block = CrossBlockRepaired(6, 4, rng)
    return {"subject": block, "inputs": (rng.normal(size=(2, 3, 6)), rng.normal(size=(2, 3, 6)))}
