"""Squeeze-and-excitation block for channels-last images, ported from a single-image version.

Symptom: validation accuracy depends on the batch size; one image alone gives another answer than in a batch.
Repair: the squeeze has to average over height and width, which are axes 1 and 2 once there is a batch axis.
"""
import numpy as np

CODES = ("batch-leak",)
PLACES = ("x", "dx", "squeeze", "")


def sigmoid(t):
    return 1.0 / (1.0 + np.exp(-t))


class SqueezeExcite:
    """x: (N, H, W, C) -> same shape, channels re-weighted."""

    def __init__(self, channels=6, reduced=3, seed=3):
        r = np.random.RandomState(seed)
        self.params = {"w1": r.randn(channels, reduced) * 0.6, "b1": r.randn(reduced) * 0.3,
                       "w2": r.randn(reduced, channels) * 0.6, "b2": r.randn(channels) * 0.3}
        self.grads = {}

    def forward(self, x):
        p = self.params
        s = x.mean(axis=(0, 1))        # FAULT
        z1 = s @ p["w1"] + p["b1"]
        a = np.maximum(z1, 0)
        g = sigmoid(a @ p["w2"] + p["b2"])
        self.cache = (x, s, z1, a, g)
        return x * g

    def backward(self, dout):
        x, s, z1, a, g = self.cache
        p = self.params
        N, H, W, C = x.shape
        dz2 = (dout * x).sum(axis=(0, 1)) * g * (1 - g)
        self.grads["w2"] = a.T @ dz2
        self.grads["b2"] = dz2.sum(axis=0)
        dz1 = (dz2 @ p["w2"].T) * (z1 > 0)
        self.grads["w1"] = s.T @ dz1
        self.grads["b1"] = dz1.sum(axis=0)
        ds = dz1 @ p["w1"].T
        return dout * g + ds / (N * H)


class SqueezeExciteRepaired:
    """x: (N, H, W, C) -> same shape, channels re-weighted."""

    def __init__(self, channels=6, reduced=3, seed=3):
        r = np.random.RandomState(seed)
        self.params = {"w1": r.randn(channels, reduced) * 0.6, "b1": r.randn(reduced) * 0.3,
                       "w2": r.randn(reduced, channels) * 0.6, "b2": r.randn(channels) * 0.3}
        self.grads = {}

    def forward(self, x):
        p = self.params
        s = x.mean(axis=(1, 2))
        z1 = s @ p["w1"] + p["b1"]
        a = np.maximum(z1, 0)
        g = sigmoid(a @ p["w2"] + p["b2"])
        self.cache = (x, s, z1, a, g)
        return x * g[:, None, None, :]

    def backward(self, dout):
        x, s, z1, a, g = self.cache
        p = self.params
        N, H, W, C = x.shape
        dz2 = (dout * x).sum(axis=(1, 2)) * g * (1 - g)
        self.grads["w2"] = a.T @ dz2
        self.grads["b2"] = dz2.sum(axis=0)
        dz1 = (dz2 @ p["w2"].T) * (z1 > 0)
        self.grads["w1"] = s.T @ dz1
        self.grads["b1"] = dz1.sum(axis=0)
        ds = dz1 @ p["w1"].T
        return dout * g[:, None, None, :] + ds[:, None, None, :] / (H * W)


def _x():
    return np.random.RandomState(11).randn(3, 4, 5, 6) + 0.4


def faulty():
    return {"subject": SqueezeExcite(), "inputs": (_x(),)}


def correct():
    return {"subject": SqueezeExciteRepaired(), "inputs": (_x(),)}
