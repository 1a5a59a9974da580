"""A dense layer whose weight gradient multiplies the error with each sample's first feature.

Symptom: all incoming weights of a unit get one gradient.
Repair: an outer product for each sample.
"""
import numpy as np

CODES = ("weight-index-collapsed",)
PLACES = ("W", "coef", "A")


class Dense:
    def __init__(self, n_in, n_out, rng):
        self.A = rng.normal(size=(n_in, n_out))
        self.c = rng.normal(size=n_out)
        self.G = {"A": np.zeros_like(self.A), "c": np.zeros_like(self.c)}

    def forward(self, x):
        self.x = x
        return x @ self.A + self.c

    def backward(self, e):
        n = self.x.shape[1]
        self.G["A"] = np.zeros_like(self.A)
        for i in range(n):
            self.G["A"][i] = (self.x[:, :1] * e).sum(axis=0)  # FAULT
        self.G["c"] = e.sum(axis=0)
        return e @ self.A.T


class DenseRepaired:
    def __init__(self, n_in, n_out, rng):
        self.A = rng.normal(size=(n_in, n_out))
        self.c = rng.normal(size=n_out)
        self.G = {"A": np.zeros_like(self.A), "c": np.zeros_like(self.c)}

    def forward(self, x):
        self.x = x
        return x @ self.A + self.c

    def backward(self, e):
        n = self.x.shape[1]
        self.G["A"] = np.zeros_like(self.A)
        for i in range(n):
            self.G["A"][i] = (self.x[:, i:i + 1] * e).sum(axis=0)
        self.G["c"] = e.sum(axis=0)
        return e @ self.A.T


def faulty():
    rng = np.random.default_rng(124)
    return {"subject": Dense(4, 3, rng), "inputs": (rng.normal(size=(6, 4)),)}


def correct():
    rng = np.random.default_rng(124)
    return {"subject": DenseRepaired(4, 3, rng), "inputs": (rng.normal(size=(6, 4)),)}
