"""A layer normalization whose shift gradient buffer is allocated and never filled.

Symptom: the shift keeps its initial value for ever.
Repair: fill it with the summed upstream gradient.
"""
import numpy as np

CODES = ("gradient-never-computed",)
PLACES = ("shift", "beta", "g")


class LayerNorm:
    def __init__(self, width, rng):
        self.p = {"scale": rng.normal(1, 0.2, width), "shift": rng.normal(0, 0.2, width)}
        self.g = {k: np.zeros_like(v) for k, v in self.p.items()}

    def forward(self, x):
        mu = x.mean(-1, keepdims=True)
        self.istd = 1.0 / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        self.xhat = (x - mu) * self.istd
        return self.p["scale"] * self.xhat + self.p["shift"]

    def backward(self, dy):
        for k in self.g:
            self.g[k] = np.zeros_like(self.p[k])
        self.g["scale"] += np.einsum("bf,bf->f", dy, self.xhat)
        self.g["shift"] + np.einsum("bf->f", dy)  # FAULT
        t = dy * self.p["scale"]
        inner = t - t.mean(-1, keepdims=True) - self.xhat * (t * self.xhat).mean(-1, keepdims=True)
        return inner * self.istd


class LayerNormRepaired:
    def __init__(self, width, rng):
        self.p = {"scale": rng.normal(1, 0.2, width), "shift": rng.normal(0, 0.2, width)}
        self.g = {k: np.zeros_like(v) for k, v in self.p.items()}

    def forward(self, x):
        mu = x.mean(-1, keepdims=True)
        self.istd = 1.0 / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        self.xhat = (x - mu) * self.istd
        return self.p["scale"] * self.xhat + self.p["shift"]

    def backward(self, dy):
        for k in self.g:
            self.g[k] = np.zeros_like(self.p[k])
        self.g["scale"] += np.einsum("bf,bf->f", dy, self.xhat)
        self.g["shift"] += np.einsum("bf->f", dy)
        t = dy * self.p["scale"]
        inner = t - t.mean(-1, keepdims=True) - self.xhat * (t * self.xhat).mean(-1, keepdims=True)
        return inner * self.istd


def faulty():
    rng = np.random.default_rng(9)
    return {"subject": LayerNorm(6, rng), "inputs": (rng.normal(size=(4, 6)),)}


def correct():
    rng = np.random.default_rng(9)
    return {"subject": LayerNormRepaired(6, rng), "inputs": (rng.normal(size=(4, 6)),)}
