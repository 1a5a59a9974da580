"""A dense layer tried out with as many inputs as outputs.

Symptom: works in the first experiment (64 to 64 units), learns nothing, and fails once sizes differ.
Repair: dW = x^T dy.
"""
import numpy as np

CODES = ("transpose-missing", "gradient-shape-wrong")
PLACES = ("W", "")


class Linear:
    def __init__(self, n_in, n_out, seed=0):
        rng = np.random.default_rng(seed)
        self.W = rng.normal(size=(n_in, n_out)) / np.sqrt(n_in)
        self.b = rng.normal(size=n_out) * 0.1
        self.W_grad = None
        self.b_grad = None

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.W_grad = dy.T @ self.x  # FAULT
        self.b_grad = dy.sum(axis=0)
        return dy @ self.W.T


def make_linear(n_in=5, n_out=5):
    return Linear(n_in, n_out)


class LinearRepaired:
    def __init__(self, n_in, n_out, seed=0):
        rng = np.random.default_rng(seed)
        self.W = rng.normal(size=(n_in, n_out)) / np.sqrt(n_in)
        self.b = rng.normal(size=n_out) * 0.1
        self.W_grad = None
        self.b_grad = None

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.W_grad = self.x.T @ dy
        self.b_grad = dy.sum(axis=0)
        return dy @ self.W.T


def make_linear_repaired(n_in=5, n_out=5):
    return LinearRepaired(n_in, n_out)


def faulty():
    rng = np.random.default_rng(16)
    return {"subject": make_linear, "inputs": (rng.normal(size=(3, 5)),)}


def correct():
    rng = np.random.default_rng(16)
    return {"subject": make_linear_repaired, "inputs": (rng.normal(size=(3, 5)),)}
