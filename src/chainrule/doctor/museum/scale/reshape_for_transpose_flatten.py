"""A flattening layer that goes through channels-last order and comes back by one reshape.

Symptom: the layers below learn noise.
Repair: reshape to the permuted shape, then permute back.
"""
import numpy as np

CODES = ("reshape-for-transpose",)
PLACES = ("flatten", "conv", "x", "", "layers.0", "layers.1", "flat")


class FlattenHWC:
    """(N, C, H, W) -> (N, H*W*C), channels fastest."""

    def forward(self, x):
        self.shape = x.shape
        return x.transpose(0, 2, 3, 1).reshape(x.shape[0], -1)

    def backward(self, d):
        n, c, h, w = self.shape
        return d.reshape(n, c, h, w)  # FAULT


class Head:
    def __init__(self, rng):
        self.flat = FlattenHWC()
        self.W = rng.normal(size=(24, 5)) * 0.3

    def forward(self, x):
        self.f = self.flat.forward(x)
        return self.f @ self.W

    def backward(self, d):
        self.dW = self.f.T @ d
        return self.flat.backward(d @ self.W.T)


class FlattenHWCRepaired:
    """(N, C, H, W) -> (N, H*W*C), channels fastest."""

    def forward(self, x):
        self.shape = x.shape
        return x.transpose(0, 2, 3, 1).reshape(x.shape[0], -1)

    def backward(self, d):
        n, c, h, w = self.shape
        return d.reshape(n, h, w, c).transpose(0, 3, 1, 2)


class HeadRepaired:
    def __init__(self, rng):
        self.flat = FlattenHWCRepaired()
        self.W = rng.normal(size=(24, 5)) * 0.3

    def forward(self, x):
        self.f = self.flat.forward(x)
        return self.f @ self.W

    def backward(self, d):
        self.dW = self.f.T @ d
        return self.flat.backward(d @ self.W.T)


def faulty():
    rng = np.random.default_rng(26)
    return {"subject": Head(rng), "inputs": (rng.normal(size=(3, 2, 3, 4)),)}


def correct():
    rng = np.random.default_rng(26)
    return {"subject": HeadRepaired(rng), "inputs": (rng.normal(size=(3, 2, 3, 4)),)}
