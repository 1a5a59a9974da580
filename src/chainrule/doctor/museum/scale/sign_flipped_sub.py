"""A layer that measures distances to learned centers and forgets the inner sign for the centers.

Symptom: centers run away from the data.
Repair: the derivative of (x - c) by c is -1.
"""
import numpy as np

CODES = ("sign-flipped",)
PLACES = ("b", "c", "x2")


class RBF:
    def __init__(self, k, d, rng):
        self.c = rng.normal(size=(k, d))

    def forward(self, x):
        self.diff = x[:, None, :] - self.c[None]
        self.phi = np.exp(-0.5 * np.sum(self.diff ** 2, axis=-1))
        return self.phi

    def backward(self, dy):
        s = (dy * self.phi)[:, :, None] * self.diff
        self.dc = -s.sum(axis=0)  # FAULT
        return -s.sum(axis=1)


class RBFRepaired:
    def __init__(self, k, d, rng):
        self.c = rng.normal(size=(k, d))

    def forward(self, x):
        self.diff = x[:, None, :] - self.c[None]
        self.phi = np.exp(-0.5 * np.sum(self.diff ** 2, axis=-1))
        return self.phi

    def backward(self, dy):
        s = (dy * self.phi)[:, :, None] * self.diff
        self.dc = s.sum(axis=0)
        return -s.sum(axis=1)


def faulty():
    rng = np.random.default_rng(21)
    return {"subject": RBF(4, 3, rng), "inputs": (rng.normal(size=(5, 3)),)}


def correct():
    rng = np.random.default_rng(21)
    return {"subject": RBFRepaired(4, 3, rng), "inputs": (rng.normal(size=(5, 3)),)}
