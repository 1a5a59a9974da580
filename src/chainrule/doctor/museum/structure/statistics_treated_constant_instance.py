"""An instance normalization that takes its mean and deviation for constants.

Symptom: deeper nets diverge where the forward looks perfect.
Repair: differentiate the statistics as well.
"""
import numpy as np

CODES = ("statistics-treated-constant",)
PLACES = ("norm", "x", "")


class InstanceNorm2d:
    def __init__(self, channels, rng, eps=1e-5):
        self.weight = rng.normal(1.0, 0.3, channels)
        self.bias = rng.normal(0.0, 0.3, channels)
        self.eps = eps

    def forward(self, x):
        mean = x.mean((2, 3), keepdims=True)
        std = np.sqrt(((x - mean) ** 2).mean((2, 3), keepdims=True) + self.eps)
        self.saved = (x - mean) / std, std
        return self.saved[0] * self.weight[:, None, None] + self.bias[:, None, None]

    def backward(self, dy):
        xn, std = self.saved
        self.weight_grad = (dy * xn).sum((0, 2, 3))
        self.bias_grad = dy.sum((0, 2, 3))
        dxn = dy * self.weight[:, None, None]
        return dxn / std  # FAULT


class InstanceNorm2dRepaired:
    def __init__(self, channels, rng, eps=1e-5):
        self.weight = rng.normal(1.0, 0.3, channels)
        self.bias = rng.normal(0.0, 0.3, channels)
        self.eps = eps

    def forward(self, x):
        mean = x.mean((2, 3), keepdims=True)
        std = np.sqrt(((x - mean) ** 2).mean((2, 3), keepdims=True) + self.eps)
        self.saved = (x - mean) / std, std
        return self.saved[0] * self.weight[:, None, None] + self.bias[:, None, None]

    def backward(self, dy):
        xn, std = self.saved
        self.weight_grad = (dy * xn).sum((0, 2, 3))
        self.bias_grad = dy.sum((0, 2, 3))
        dxn = dy * self.weight[:, None, None]
        dxn = dxn - dxn.mean((2, 3), keepdims=True) - xn * (dxn * xn).mean((2, 3), keepdims=True)
        return dxn / std


def faulty():
    rng = np.random.default_rng(42)
    return {"subject": InstanceNorm2d(3, rng), "inputs": (rng.normal(size=(2, 3, 4, 5)),)}


def correct():
    rng = np.random.default_rng(42)
    return {"subject": InstanceNorm2dRepaired(3, rng), "inputs": (rng.normal(size=(2, 3, 4, 5)),)}
