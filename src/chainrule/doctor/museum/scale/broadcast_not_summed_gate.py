"""Squeeze-and-excitation: a gate per channel, broadcast over the picture.

Symptom: the excitation weights learn, but as if their learning rate were divided by the picture size.
Repair: the gate multiplies every pixel, so its gradient is the sum over pixels.
"""
import numpy as np

CODES = ("broadcast-not-summed", "mean-sum-mismatch")
PLACES = ("W1", "W2", "x", "")


class SqueezeExcite:
    def __init__(self, channels, reduced, rng):
        self.W1 = rng.normal(size=(channels, reduced))
        self.W2 = rng.normal(size=(reduced, channels))

    def forward(self, x):
        self.x = x
        self.squeezed = x.mean(axis=(2, 3))
        self.hidden = np.tanh(self.squeezed @ self.W1)
        self.gate = 1.0 / (1.0 + np.exp(-self.hidden @ self.W2))
        return x * self.gate[:, :, None, None]

    def backward(self, dy):
        H, W = self.x.shape[2:]
        dx = dy * self.gate[:, :, None, None]
        dgate = (dy * self.x).mean(axis=(2, 3))  # FAULT
        dz = dgate * self.gate * (1.0 - self.gate)
        self.dW2 = self.hidden.T @ dz
        dh = (dz @ self.W2.T) * (1.0 - self.hidden ** 2)
        self.dW1 = self.squeezed.T @ dh
        dsqueezed = dh @ self.W1.T
        return dx + dsqueezed[:, :, None, None] / (H * W)


class SqueezeExciteRepaired:
    def __init__(self, channels, reduced, rng):
        self.W1 = rng.normal(size=(channels, reduced))
        self.W2 = rng.normal(size=(reduced, channels))

    def forward(self, x):
        self.x = x
        self.squeezed = x.mean(axis=(2, 3))
        self.hidden = np.tanh(self.squeezed @ self.W1)
        self.gate = 1.0 / (1.0 + np.exp(-self.hidden @ self.W2))
        return x * self.gate[:, :, None, None]

    def backward(self, dy):
        H, W = self.x.shape[2:]
        dx = dy * self.gate[:, :, None, None]
        dgate = (dy * self.x).sum(axis=(2, 3))
        dz = dgate * self.gate * (1.0 - self.gate)
        self.dW2 = self.hidden.T @ dz
        dh = (dz @ self.W2.T) * (1.0 - self.hidden ** 2)
        self.dW1 = self.squeezed.T @ dh
        dsqueezed = dh @ self.W1.T
        return dx + dsqueezed[:, :, None, None] / (H * W)


def faulty():
    rng = np.random.default_rng(44)
    return {"subject": SqueezeExcite(4, 2, rng), "inputs": (rng.normal(size=(2, 4, 3, 5)),)}


def correct():
    rng = np.random.default_rng(44)
    return {"subject": SqueezeExciteRepaired(4, 2, rng), "inputs": (rng.normal(size=(2, 4, 3, 5)),)}
