"""A dense layer that clips the gradient that it passes down.

Symptom: large errors arrive flattened.
Repair: clip in the optimizer, if at all.
"""
import numpy as np

CODES = ("clipped-in-backward",)
PLACES = ("x", "", "W", "w", "dense")


class Dense:
    def __init__(self, i, o, rng):
        self.w = rng.normal(size=(i, o))
        self.gw = np.zeros_like(self.w)

    def forward(self, x):
        self.x = x
        return x @ self.w

    def backward(self, dy):
        self.gw = self.x.T @ dy
        dx = dy @ self.w.T
        np.clip(dx, -0.5, 0.5, out=dx)  # FAULT
        return dx


class DenseRepaired:
    def __init__(self, i, o, rng):
        self.w = rng.normal(size=(i, o))
        self.gw = np.zeros_like(self.w)

    def forward(self, x):
        self.x = x
        return x @ self.w

    def backward(self, dy):
        self.gw = self.x.T @ dy
        dx = dy @ self.w.T
        return dx


def faulty():
    rng = np.random.default_rng(130)
    return {"subject": Dense(4, 3, rng), "inputs": (rng.normal(size=(6, 4)),)}


def correct():
    rng = np.random.default_rng(130)
    return {"subject": DenseRepaired(4, 3, rng), "inputs": (rng.normal(size=(6, 4)),)}
