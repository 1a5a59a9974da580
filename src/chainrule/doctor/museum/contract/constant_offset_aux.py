"""A mixture layer whose gate gradient contains a load-balancing term that its output knows nothing of.

Symptom: gradients do not vanish at a minimum.
Repair: put the term into the loss, or leave it out.
"""
import numpy as np

CODES = ("constant-offset",)
PLACES = ("Wg", "gate", "x", "")


class GatedMix:
    def __init__(self, n, m, e, rng):
        self.Wg = rng.normal(size=(n, e))
        self.We = rng.normal(size=(e, n, m)) * 0.5

    def forward(self, x):
        s = x @ self.Wg
        g = np.exp(s - s.max(axis=1, keepdims=True))
        self.g = g / g.sum(axis=1, keepdims=True)
        self.x, self.o = x, np.einsum("bn,enm->bem", x, self.We)
        return np.einsum("be,bem->bm", self.g, self.o)

    def backward(self, dy):
        dg = np.einsum("bm,bem->be", dy, self.o)
        dg = dg + 0.01 * self.g.mean(axis=0)  # FAULT
        ds = self.g * (dg - (dg * self.g).sum(axis=1, keepdims=True))
        do = self.g[:, :, None] * dy[:, None, :]
        self.dWg = self.x.T @ ds
        self.dWe = np.einsum("bn,bem->enm", self.x, do)
        return ds @ self.Wg.T + np.einsum("bem,enm->bn", do, self.We)


class GatedMixRepaired:
    def __init__(self, n, m, e, rng):
        self.Wg = rng.normal(size=(n, e))
        self.We = rng.normal(size=(e, n, m)) * 0.5

    def forward(self, x):
        s = x @ self.Wg
        g = np.exp(s - s.max(axis=1, keepdims=True))
        self.g = g / g.sum(axis=1, keepdims=True)
        self.x, self.o = x, np.einsum("bn,enm->bem", x, self.We)
        return np.einsum("be,bem->bm", self.g, self.o)

    def backward(self, dy):
        dg = np.einsum("bm,bem->be", dy, self.o)
        ds = self.g * (dg - (dg * self.g).sum(axis=1, keepdims=True))
        do = self.g[:, :, None] * dy[:, None, :]
        self.dWg = self.x.T @ ds
        self.dWe = np.einsum("bn,bem->enm", self.x, do)
        return ds @ self.Wg.T + np.einsum("bem,enm->bn", do, self.We)


def faulty():
    rng = np.random.default_rng(110)
    return {"subject": GatedMix(4, 3, 5, rng), "inputs": (rng.normal(size=(6, 4)),)}


def correct():
    rng = np.random.default_rng(110)
    return {"subject": GatedMixRepaired(4, 3, 5, rng), "inputs": (rng.normal(size=(6, 4)),)}
