"""A dense layer with dropout that draws the units to drop anew in backward.

Symptom: training with dropout is much noisier than without.
Repair: keep the mask of forward.
"""
import numpy as np

CODES = ("mask-redrawn",)
PLACES = ("drop", "x", "W", "w", "")


class DropDense:
    def __init__(self, n_in, n_out, keep, rng):
        self.w = rng.normal(size=(n_in, n_out))
        self.keep = keep
        self.rng = rng

    def _mask(self, shape):
        return (self.rng.random(shape) < self.keep) / self.keep

    def forward(self, x):
        self.x = x
        self.m = self._mask((x.shape[0], self.w.shape[1]))
        return (x @ self.w) * self.m

    def backward(self, dy):
        dz = dy * self._mask(dy.shape)  # FAULT
        self.dw = self.x.T @ dz
        return dz @ self.w.T


class DropDenseRepaired:
    def __init__(self, n_in, n_out, keep, rng):
        self.w = rng.normal(size=(n_in, n_out))
        self.keep = keep
        self.rng = rng

    def _mask(self, shape):
        return (self.rng.random(shape) < self.keep) / self.keep

    def forward(self, x):
        self.x = x
        self.m = self._mask((x.shape[0], self.w.shape[1]))
        return (x @ self.w) * self.m

    def backward(self, dy):
        dz = dy * self.m
        self.dw = self.x.T @ dz
        return dz @ self.w.T


def faulty():
    rng = np.random.default_rng(13)
    return {"subject": DropDense(4, 6, 0.6, rng), "inputs": (rng.normal(size=(5, 4)),)}


def correct():
    rng = np.random.default_rng(13)
    return {"subject": DropDenseRepaired(4, 6, 0.6, rng), "inputs": (rng.normal(size=(5, 4)),)}
