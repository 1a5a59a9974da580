"""An affine layer that overwrites the weight's gradient and adds up the bias's.

Symptom: the bias drifts with the number of steps done.
Repair: overwrite both.
"""
import numpy as np

CODES = ("accumulates-across-calls",)
PLACES = ("b", "grads", "bias", "grads.1", "")


class Affine:
    def __init__(self, i, o, rng):
        self.W = rng.normal(size=(i, o))
        self.b = rng.normal(size=o)
        self.gW = np.zeros_like(self.W)
        self.gb = np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        return x.dot(self.W) + self.b

    def backward(self, d):
        self.gW = self.x.T.dot(d)
        self.gb += d.sum(0)  # FAULT
        return d.dot(self.W.T)


class AffineRepaired:
    def __init__(self, i, o, rng):
        self.W = rng.normal(size=(i, o))
        self.b = rng.normal(size=o)
        self.gW = np.zeros_like(self.W)
        self.gb = np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        return x.dot(self.W) + self.b

    def backward(self, d):
        self.gW = self.x.T.dot(d)
        self.gb = d.sum(0)
        return d.dot(self.W.T)


def faulty():
    rng = np.random.default_rng(11)
    return {"subject": Affine(4, 3, rng), "inputs": (rng.normal(size=(5, 4)),)}


def correct():
    rng = np.random.default_rng(11)
    return {"subject": AffineRepaired(4, 3, rng), "inputs": (rng.normal(size=(5, 4)),)}
