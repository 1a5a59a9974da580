"""Pre-norm block in which both sub-layers go through one RMSNorm object.

Symptom: every part passes its own gradient check; the block does not.
Repair: keep one saved entry per use, and take the latest first in backward.
"""
import numpy as np
CODES = ("cache-overwritten",)
PLACES = ("norm", "norm.g", "x", "dx", "g", "up.w", "")


class RMSNorm:
    def __init__(self, n):
        self.g = np.random.uniform(0.5, 1.5, n)
        self.dg = np.zeros(n)
        self.saved = []

    def forward(self, x):
        r = 1 / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-6)
        self.saved = [(x, r)]  # FAULT
        return x * r * self.g

    def backward(self, dy):
        x, r = self.saved[-1]  # FAULT
        self.dg += (dy * x * r).reshape(-1, x.shape[-1]).sum(0)
        dn = dy * self.g
        return r * dn - x * r ** 3 * (dn * x).mean(-1, keepdims=True)


class Linear:
    def __init__(self, a, b):
        self.w = np.random.randn(a, b) * 0.6

    def forward(self, x):
        self.x = x
        return x @ self.w

    def backward(self, dy):
        self.dw = np.einsum("bti,bto->io", self.x, dy)
        return dy @ self.w.T


class Block:
    def __init__(self, d=5):
        self.norm = RMSNorm(d)
        self.mix = Linear(d, d)
        self.up = Linear(d, d)

    def forward(self, x):
        self.norm.saved = []
        r = x + self.mix.forward(self.norm.forward(x))
        self.t = np.tanh(self.up.forward(self.norm.forward(r)))
        return r + self.t

    def backward(self, dy):
        self.norm.dg = np.zeros_like(self.norm.g)
        dr = dy + self.norm.backward(self.up.backward(dy * (1 - self.t ** 2)))
        return dr + self.norm.backward(self.mix.backward(dr))


class RMSNormRepaired:
    def __init__(self, n):
        self.g = np.random.uniform(0.5, 1.5, n)
        self.dg = np.zeros(n)
        self.saved = []

    def forward(self, x):
        r = 1 / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-6)
        self.saved.append((x, r))
        return x * r * self.g

    def backward(self, dy):
        x, r = self.saved.pop()
        self.dg += (dy * x * r).reshape(-1, x.shape[-1]).sum(0)
        dn = dy * self.g
        return r * dn - x * r ** 3 * (dn * x).mean(-1, keepdims=True)


class LinearRepaired:
    def __init__(self, a, b):
        self.w = np.random.randn(a, b) * 0.6

    def forward(self, x):
        self.x = x
        return x @ self.w

    def backward(self, dy):
        self.dw = np.einsum("bti,bto->io", self.x, dy)
        return dy @ self.w.T


class BlockRepaired:
    def __init__(self, d=5):
        self.norm = RMSNormRepaired(d)
        self.mix = LinearRepaired(d, d)
        self.up = LinearRepaired(d, d)

    def forward(self, x):
        self.norm.saved = []
        r = x + self.mix.forward(self.norm.forward(x))
        self.t = np.tanh(self.up.forward(self.norm.forward(r)))
        return r + self.t

    def backward(self, dy):
        self.norm.dg = np.zeros_like(self.norm.g)
        dr = dy + self.norm.backward(self.up.backward(dy * (1 - self.t ** 2)))
        return dr + self.norm.backward(self.mix.backward(dr))


def faulty():
    np.random.seed(61)
    return {"subject": Block(5), "inputs": (np.random.randn(2, 3, 5),)}


def correct():
    np.random.seed(61)
    return {"subject": BlockRepaired(5), "inputs": (np.random.randn(2, 3, 5),)}
