"""A layer norm whose input gradient never meets gamma.

Symptom: a gradient check right after construction passes; later, training is a little off.
Repair: start from dy * gamma.
"""
import numpy as np

CODES = ("norm-scale-dropped",)
PLACES = ("x", "")


class LayerNorm:
    def __init__(self, dim):
        self.gamma = np.ones(dim)
        self.beta = np.zeros(dim)

    def forward(self, x):
        mu = x.mean(-1, keepdims=True)
        self.s = np.sqrt(((x - mu) ** 2).mean(-1, keepdims=True) + 1e-5)
        self.xh = (x - mu) / self.s
        return self.xh * self.gamma + self.beta

    def backward(self, dy):
        lead = tuple(range(dy.ndim - 1))
        self.dgamma = (dy * self.xh).sum(lead)
        self.dbeta = dy.sum(lead)
        d = dy  # FAULT
        return (d - d.mean(-1, keepdims=True) - self.xh * (d * self.xh).mean(-1, keepdims=True)) / self.s


def build(dim=6):
    return LayerNorm(dim)


class LayerNormRepaired:
    def __init__(self, dim):
        self.gamma = np.ones(dim)
        self.beta = np.zeros(dim)

    def forward(self, x):
        mu = x.mean(-1, keepdims=True)
        self.s = np.sqrt(((x - mu) ** 2).mean(-1, keepdims=True) + 1e-5)
        self.xh = (x - mu) / self.s
        return self.xh * self.gamma + self.beta

    def backward(self, dy):
        lead = tuple(range(dy.ndim - 1))
        self.dgamma = (dy * self.xh).sum(lead)
        self.dbeta = dy.sum(lead)
        d = dy * self.gamma
        return (d - d.mean(-1, keepdims=True) - self.xh * (d * self.xh).mean(-1, keepdims=True)) / self.s


def build_repaired(dim=6):
    return LayerNormRepaired(dim)


def faulty():
    rng = np.random.default_rng(0)
    return {"subject": build, "inputs": (rng.normal(size=(2, 4, 6)),)}


def correct():
    rng = np.random.default_rng(0)
    return {"subject": build_repaired, "inputs": (rng.normal(size=(2, 4, 6)),)}
