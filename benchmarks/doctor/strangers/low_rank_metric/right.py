import numpy as np


class LowRankMetric:
    """s(a, b) = (a L) . (b L): a learned positive semi-definite similarity, L is (d, r)."""

    def __init__(self, d, rank, seed=0):
        self.L = np.random.default_rng(seed).normal(0, d ** -0.5, (d, rank))
        self.offset = np.zeros(1)

    def forward(self, a, b):
        self.a, self.b = a, b
        self.pa = a @ self.L
        self.pb = b @ self.L
        return np.sum(self.pa * self.pb, axis=-1) + self.offset

    def backward(self, ds):
        g = ds[:, None]
        dpa = g * self.pb
        dpb = g * self.pa
        self.dL = self.a.T @ dpa
        self.dL += self.b.T @ dpb
        self.doffset = ds.sum(keepdims=True)
        return dpa @ self.L.T, dpb @ self.L.T
