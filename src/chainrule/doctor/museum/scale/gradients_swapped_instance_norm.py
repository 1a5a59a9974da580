"""Instance normalization (style transfer homework), NHWC.

Symptom: contrast never adapts; brightness drifts strangely.
Repair: gamma receives sum(dy * xhat), beta receives sum(dy).
"""
import numpy as np

CODES = ("gradients-swapped",)
PLACES = ("gamma", "beta", "")


class InstanceNorm:
    eps = 1e-3

    def __init__(self, channels):
        rng = np.random.RandomState(8)
        self.gamma = rng.uniform(0.5, 1.5, channels)
        self.beta = rng.uniform(-0.5, 0.5, channels)

    def forward(self, x):
        mu = x.mean(axis=(1, 2), keepdims=True)
        var = x.var(axis=(1, 2), keepdims=True)
        self.inv = 1.0 / np.sqrt(var + self.eps)
        self.xhat = (x - mu) * self.inv
        return self.gamma * self.xhat + self.beta

    def backward(self, dy):
        self.dbeta, self.dgamma = (dy * self.xhat).sum(axis=(0, 1, 2)), dy.sum(axis=(0, 1, 2))  # FAULT
        dxhat = dy * self.gamma
        m1 = dxhat.mean(axis=(1, 2), keepdims=True)
        m2 = (dxhat * self.xhat).mean(axis=(1, 2), keepdims=True)
        return self.inv * (dxhat - m1 - self.xhat * m2)


class InstanceNormRepaired:
    eps = 1e-3

    def __init__(self, channels):
        rng = np.random.RandomState(8)
        self.gamma = rng.uniform(0.5, 1.5, channels)
        self.beta = rng.uniform(-0.5, 0.5, channels)

    def forward(self, x):
        mu = x.mean(axis=(1, 2), keepdims=True)
        var = x.var(axis=(1, 2), keepdims=True)
        self.inv = 1.0 / np.sqrt(var + self.eps)
        self.xhat = (x - mu) * self.inv
        return self.gamma * self.xhat + self.beta

    def backward(self, dy):
        self.dgamma, self.dbeta = (dy * self.xhat).sum(axis=(0, 1, 2)), dy.sum(axis=(0, 1, 2))
        dxhat = dy * self.gamma
        m1 = dxhat.mean(axis=(1, 2), keepdims=True)
        m2 = (dxhat * self.xhat).mean(axis=(1, 2), keepdims=True)
        return self.inv * (dxhat - m1 - self.xhat * m2)


def _x():
    return (np.random.RandomState(5).randn(2, 4, 3, 5) * 1.7 + 0.4,)


def faulty():
    return {"subject": InstanceNorm(5), "inputs": _x()}


def correct():
    return {"subject": InstanceNormRepaired(5), "inputs": _x()}
