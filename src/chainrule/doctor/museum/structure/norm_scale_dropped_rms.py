"""A root-mean-square norm that multiplies by its gain after taking the mean.

Symptom: exact with equal gains, wrong when they differ.
Repair: the gain goes inside the mean.
"""
import numpy as np

CODES = ("norm-scale-dropped",)
PLACES = ("norm", "x", "", "gain")


class RMSNorm:
    def __init__(self, d, rng):
        self.gain = rng.uniform(0.5, 2.0, d)
        self.gain_grad = np.zeros(d)

    def forward(self, x):
        self.inv = 1 / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + 1e-6)
        self.n = x * self.inv
        return self.n * self.gain

    def backward(self, dy):
        self.gain_grad = np.einsum("btd,btd->d", dy, self.n)
        inner = dy - self.n * np.mean(dy * self.n, axis=-1, keepdims=True)  # FAULT
        return self.gain * self.inv * inner  # FAULT


class Block:
    def __init__(self, d, rng):
        self.norm = RMSNorm(d, rng)
        self.w = rng.normal(size=(d, d)) * 0.5

    def forward(self, x):
        self.u = self.norm.forward(x)
        return x + np.tanh(self.u @ self.w)

    def backward(self, dy):
        dz = dy * (1 - np.tanh(self.u @ self.w) ** 2)
        self.w_grad = np.einsum("bti,btj->ij", self.u, dz)
        return dy + self.norm.backward(dz @ self.w.T)


class RMSNormRepaired:
    def __init__(self, d, rng):
        self.gain = rng.uniform(0.5, 2.0, d)
        self.gain_grad = np.zeros(d)

    def forward(self, x):
        self.inv = 1 / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + 1e-6)
        self.n = x * self.inv
        return self.n * self.gain

    def backward(self, dy):
        self.gain_grad = np.einsum("btd,btd->d", dy, self.n)
        dn = dy * self.gain
        return self.inv * (dn - self.n * np.mean(dn * self.n, axis=-1, keepdims=True))


class BlockRepaired:
    def __init__(self, d, rng):
        self.norm = RMSNormRepaired(d, rng)
        self.w = rng.normal(size=(d, d)) * 0.5

    def forward(self, x):
        self.u = self.norm.forward(x)
        return x + np.tanh(self.u @ self.w)

    def backward(self, dy):
        dz = dy * (1 - np.tanh(self.u @ self.w) ** 2)
        self.w_grad = np.einsum("bti,btj->ij", self.u, dz)
        return dy + self.norm.backward(dz @ self.w.T)


def faulty():
    rng = np.random.default_rng(143)
    return {"subject": Block(5, rng), "inputs": (rng.normal(size=(2, 3, 5)),)}


def correct():
    rng = np.random.default_rng(143)
    return {"subject": BlockRepaired(5, rng), "inputs": (rng.normal(size=(2, 3, 5)),)}
