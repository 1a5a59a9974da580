"""A group normalization that zips its gradients with the names in alphabetical order.

Symptom: scale and shift each follow the other's gradient.
Repair: the same order as the values.
"""
import numpy as np

CODES = ("gradients-swapped",)
PLACES = ("gamma", "beta", "scale", "shift")


class GroupNorm:
    NAMES = ("scale", "shift")

    def __init__(self, c, groups, rng):
        self.groups = groups
        self.params = dict(zip(self.NAMES, (rng.normal(1, 0.2, c), rng.normal(0, 0.2, c))))
        self.grads = dict.fromkeys(self.NAMES)

    def forward(self, x):
        n, c, t = x.shape
        g = x.reshape(n, self.groups, -1)
        self.inv = 1 / np.sqrt(g.var(axis=2, keepdims=True) + 1e-5)
        self.xn = ((g - g.mean(axis=2, keepdims=True)) * self.inv).reshape(x.shape)
        return self.xn * self.params["scale"][:, None] + self.params["shift"][:, None]

    def backward(self, dy):
        values = (dy.sum(axis=(0, 2)), (dy * self.xn).sum(axis=(0, 2)))  # FAULT
        self.grads.update(zip(self.NAMES, values))
        n = dy.shape[0]
        d = (dy * self.params["scale"][:, None]).reshape(n, self.groups, -1)
        h = self.xn.reshape(n, self.groups, -1)
        d = (d - d.mean(axis=2, keepdims=True) - h * (d * h).mean(axis=2, keepdims=True)) * self.inv
        return d.reshape(dy.shape)


class GroupNormRepaired:
    NAMES = ("scale", "shift")

    def __init__(self, c, groups, rng):
        self.groups = groups
        self.params = dict(zip(self.NAMES, (rng.normal(1, 0.2, c), rng.normal(0, 0.2, c))))
        self.grads = dict.fromkeys(self.NAMES)

    def forward(self, x):
        n, c, t = x.shape
        g = x.reshape(n, self.groups, -1)
        self.inv = 1 / np.sqrt(g.var(axis=2, keepdims=True) + 1e-5)
        self.xn = ((g - g.mean(axis=2, keepdims=True)) * self.inv).reshape(x.shape)
        return self.xn * self.params["scale"][:, None] + self.params["shift"][:, None]

    def backward(self, dy):
        values = ((dy * self.xn).sum(axis=(0, 2)), dy.sum(axis=(0, 2)))
        self.grads.update(zip(self.NAMES, values))
        n = dy.shape[0]
        d = (dy * self.params["scale"][:, None]).reshape(n, self.groups, -1)
        h = self.xn.reshape(n, self.groups, -1)
        d = (d - d.mean(axis=2, keepdims=True) - h * (d * h).mean(axis=2, keepdims=True)) * self.inv
        return d.reshape(dy.shape)


def faulty():
    rng = np.random.default_rng(128)
    return {"subject": GroupNorm(6, 2, rng), "inputs": (rng.normal(size=(3, 6, 4)),)}


def correct():
    rng = np.random.default_rng(128)
    return {"subject": GroupNormRepaired(6, 2, rng), "inputs": (rng.normal(size=(3, 6, 4)),)}
