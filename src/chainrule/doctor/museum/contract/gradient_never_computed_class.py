"""Group normalization with parallel lists of parameters and gradients.

Symptom: beta never leaves its initial value, although it is in the optimizer's list.
Repair: fill the second gradient as well.
"""
import numpy as np

CODES = ("gradient-never-computed",)
PLACES = ("beta", "params[1]", "params.1", "grads[1]", "grads.1")


class GroupNorm:
    """x: (N, C, H, W); statistics over the channels of one group and all positions."""

    def __init__(self, channels, groups, rng, eps=1e-5):
        self.groups = groups
        self.eps = eps
        self.gamma = rng.uniform(0.5, 1.5, size=channels)
        self.beta = rng.normal(size=channels)
        self.params = [self.gamma, self.beta]
        self.grads = [np.zeros(channels), np.zeros(channels)]

    def forward(self, x):
        n, c, h, w = x.shape
        g = x.reshape(n, self.groups, -1)
        self.std = np.sqrt(g.var(axis=2, keepdims=True) + self.eps)
        self.x_hat = ((g - g.mean(axis=2, keepdims=True)) / self.std).reshape(x.shape)
        return self.x_hat * self.gamma[:, None, None] + self.beta[:, None, None]

    def backward(self, dy):
        n, c, h, w = dy.shape
        self.grads[0][...] = np.sum(dy * self.x_hat, axis=(0, 2, 3))  # FAULT
        d = (dy * self.gamma[:, None, None]).reshape(n, self.groups, -1)
        x_hat = self.x_hat.reshape(d.shape)
        d_mean = d.mean(axis=2, keepdims=True)
        d_slope = (d * x_hat).mean(axis=2, keepdims=True)
        return ((d - d_mean - x_hat * d_slope) / self.std).reshape(dy.shape)


class GroupNormRepaired:
    """x: (N, C, H, W); statistics over the channels of one group and all positions."""

    def __init__(self, channels, groups, rng, eps=1e-5):
        self.groups = groups
        self.eps = eps
        self.gamma = rng.uniform(0.5, 1.5, size=channels)
        self.beta = rng.normal(size=channels)
        self.params = [self.gamma, self.beta]
        self.grads = [np.zeros(channels), np.zeros(channels)]

    def forward(self, x):
        n, c, h, w = x.shape
        g = x.reshape(n, self.groups, -1)
        self.std = np.sqrt(g.var(axis=2, keepdims=True) + self.eps)
        self.x_hat = ((g - g.mean(axis=2, keepdims=True)) / self.std).reshape(x.shape)
        return self.x_hat * self.gamma[:, None, None] + self.beta[:, None, None]

    def backward(self, dy):
        n, c, h, w = dy.shape
        self.grads[0][...] = np.sum(dy * self.x_hat, axis=(0, 2, 3))
        self.grads[1][...] = np.sum(dy, axis=(0, 2, 3))
        d = (dy * self.gamma[:, None, None]).reshape(n, self.groups, -1)
        x_hat = self.x_hat.reshape(d.shape)
        d_mean = d.mean(axis=2, keepdims=True)
        d_slope = (d * x_hat).mean(axis=2, keepdims=True)
        return ((d - d_mean - x_hat * d_slope) / self.std).reshape(dy.shape)


def faulty():
    rng = np.random.default_rng(34)
    return {"subject": GroupNorm(6, 3, rng), "inputs": (rng.normal(size=(2, 6, 3, 2)),)}


def correct():
    rng = np.random.default_rng(34)
    return {"subject": GroupNormRepaired(6, 3, rng), "inputs": (rng.normal(size=(2, 6, 3, 2)),)}
