"""A network whose mean pooling spreads ones over the sequence and not what it receives.

Symptom: everything below the pooling learns to raise the mean.
Repair: spread the incoming gradient.
"""
import numpy as np

CODES = ("ignores-upstream",)
PLACES = ("pool", "x", "")


class SeqMean:
    def forward(self, h):
        self.n, self.t, self.d = h.shape
        return h.mean(axis=1)

    def backward(self, dy):
        return np.ones((self.n, self.t, self.d)) / self.t  # FAULT


class Encoder:
    def __init__(self, d, m, rng):
        self.proj = rng.normal(size=(d, m))
        self.pool = SeqMean()

    def forward(self, x):
        self.x = x
        self.h = np.maximum(x @ self.proj, 0)
        return self.pool.forward(self.h)

    def backward(self, dy):
        dh = self.pool.backward(dy) * (self.h > 0)
        self.dproj = np.tensordot(self.x, dh, axes=([0, 1], [0, 1]))
        return dh @ self.proj.T


class SeqMeanRepaired:
    def forward(self, h):
        self.n, self.t, self.d = h.shape
        return h.mean(axis=1)

    def backward(self, dy):
        return np.broadcast_to(dy[:, None, :], (self.n, self.t, self.d)) / self.t


class EncoderRepaired:
    def __init__(self, d, m, rng):
        self.proj = rng.normal(size=(d, m))
        self.pool = SeqMeanRepaired()

    def forward(self, x):
        self.x = x
        self.h = np.maximum(x @ self.proj, 0)
        return self.pool.forward(self.h)

    def backward(self, dy):
        dh = self.pool.backward(dy) * (self.h > 0)
        self.dproj = np.tensordot(self.x, dh, axes=([0, 1], [0, 1]))
        return dh @ self.proj.T


def faulty():
    rng = np.random.default_rng(108)
    return {"subject": Encoder(3, 4, rng), "inputs": (rng.normal(size=(2, 5, 3)),)}


def correct():
    rng = np.random.default_rng(108)
    return {"subject": EncoderRepaired(3, 4, rng), "inputs": (rng.normal(size=(2, 5, 3)),)}
