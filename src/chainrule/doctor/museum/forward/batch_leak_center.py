"""A row normalizer that divides by the largest norm in the batch.

Symptom: a sample's prediction depends on its companions.
Repair: one norm for each row.
"""
import numpy as np

CODES = ("batch-leak",)
PLACES = ("", "x", "W")


class UnitRows:
    """Projects each sample to scores of comparable size."""

    def __init__(self, n, m, rng):
        self.W = rng.normal(size=(n, m))

    def forward(self, x):
        self.x, self.z = x, x @ self.W
        self.s = np.sqrt(np.sum(self.z ** 2) + 1e-8)  # FAULT
        return self.z / self.s

    def backward(self, dy):
        dot = np.sum(dy * self.z)  # FAULT
        dz = dy / self.s - self.z * dot / self.s ** 3
        self.dW = self.x.T @ dz
        return dz @ self.W.T


class UnitRowsRepaired:
    """Projects each sample to scores of comparable size."""

    def __init__(self, n, m, rng):
        self.W = rng.normal(size=(n, m))

    def forward(self, x):
        self.x, self.z = x, x @ self.W
        self.s = np.sqrt(np.sum(self.z ** 2, axis=1, keepdims=True) + 1e-8)
        return self.z / self.s

    def backward(self, dy):
        dot = np.sum(dy * self.z, axis=1, keepdims=True)
        dz = dy / self.s - self.z * dot / self.s ** 3
        self.dW = self.x.T @ dz
        return dz @ self.W.T


def faulty():
    rng = np.random.default_rng(70)
    return {"subject": UnitRows(4, 3, rng), "inputs": (rng.normal(size=(5, 4)),)}


def correct():
    rng = np.random.default_rng(70)
    return {"subject": UnitRowsRepaired(4, 3, rng), "inputs": (rng.normal(size=(5, 4)),)}
