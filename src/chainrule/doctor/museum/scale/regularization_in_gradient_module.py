"""A linear module that adds weight decay to its own gradient while no loss knows of it.

Symptom: a gradient check fails by a multiple of the weights.
Repair: leave decay to the optimizer.
"""
import numpy as np

CODES = ("regularization-in-gradient",)
PLACES = ("layers.0", "layers.2", "weight", "layers.0.weight", "fc1", "fc2", "fc2.w", "w")


DECAY = 0.01


class Linear:
    def __init__(self, i, o, rng):
        self.w = rng.normal(size=(i, o)) * 0.5
        self.b = np.zeros(o)

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, d):
        self.w_grad = self.x.T @ d + DECAY * self.w  # FAULT
        self.b_grad = d.sum(0)
        return d @ self.w.T

    def params(self):
        return [self.w, self.b]

    def gradients(self):
        return [self.w_grad, self.b_grad]


class LinearRepaired:
    def __init__(self, i, o, rng):
        self.w = rng.normal(size=(i, o)) * 0.5
        self.b = np.zeros(o)

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, d):
        self.w_grad = self.x.T @ d
        self.b_grad = d.sum(0)
        return d @ self.w.T

    def params(self):
        return [self.w, self.b]

    def gradients(self):
        return [self.w_grad, self.b_grad]


def faulty():
    rng = np.random.default_rng(29)
    return {"subject": Linear(4, 3, rng), "inputs": (rng.normal(size=(6, 4)),)}


def correct():
    rng = np.random.default_rng(29)
    return {"subject": LinearRepaired(4, 3, rng), "inputs": (rng.normal(size=(6, 4)),)}
