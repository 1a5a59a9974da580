"""A position-wise dense layer; gradients in a dict keyed like the parameters.

Symptom: the optimizer fails to broadcast, or, with T equal to 1, everything works.
Repair: sum over batch and time.
"""
import numpy as np

CODES = ("bias-axes-wrong", "gradient-shape-wrong")
PLACES = ("b", "params['b']", "params.b")


class PositionwiseDense:
    def __init__(self, d_in, d_out, rng):
        self.params = {"W": rng.normal(size=(d_in, d_out)) / np.sqrt(d_in), "b": rng.normal(size=d_out) * 0.1}
        self.grads = {"W": None, "b": None}

    def forward(self, x):
        self.x = x
        z = x @ self.params["W"] + self.params["b"]
        self.e = np.exp(-np.abs(z))
        self.positive = z > 0
        return np.maximum(z, 0.0) + np.log1p(self.e)

    def backward(self, dy):
        sig = np.where(self.positive, 1.0, self.e) / (1.0 + self.e)
        dz = dy * sig
        self.grads["W"] = np.tensordot(self.x, dz, axes=((0, 1), (0, 1)))
        self.grads["b"] = dz.sum(axis=0)  # FAULT
        return dz @ self.params["W"].T


class PositionwiseDenseRepaired:
    def __init__(self, d_in, d_out, rng):
        self.params = {"W": rng.normal(size=(d_in, d_out)) / np.sqrt(d_in), "b": rng.normal(size=d_out) * 0.1}
        self.grads = {"W": None, "b": None}

    def forward(self, x):
        self.x = x
        z = x @ self.params["W"] + self.params["b"]
        self.e = np.exp(-np.abs(z))
        self.positive = z > 0
        return np.maximum(z, 0.0) + np.log1p(self.e)

    def backward(self, dy):
        sig = np.where(self.positive, 1.0, self.e) / (1.0 + self.e)
        dz = dy * sig
        self.grads["W"] = np.tensordot(self.x, dz, axes=((0, 1), (0, 1)))
        self.grads["b"] = dz.sum(axis=(0, 1))
        return dz @ self.params["W"].T


def faulty():
    rng = np.random.default_rng(23)
    return {"subject": PositionwiseDense(4, 3, rng), "inputs": (rng.normal(size=(2, 5, 4)),)}


def correct():
    rng = np.random.default_rng(23)
    return {"subject": PositionwiseDenseRepaired(4, 3, rng), "inputs": (rng.normal(size=(2, 5, 4)),)}
