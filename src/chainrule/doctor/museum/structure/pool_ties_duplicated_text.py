"""Max over time of a text classifier: repeated words share the maximum.

Symptom: repeated words get their embedding gradient as often as they are repeated.
Repair: route the gradient to one position, the first that attains the maximum.
"""
import numpy as np

CODES = ("pool-ties-duplicated",)
PLACES = ("x", "W", "b", "dW", "db", "")


class MaxOverTime:
    """Dense map of every position, then the maximum over positions: (B, T, F) -> (B, H)"""

    def __init__(self, n_features, n_hidden, rng):
        self.W = rng.normal(0, 0.5, size=(n_features, n_hidden))
        self.b = rng.normal(0, 0.5, size=n_hidden)

    def forward(self, x):
        self.x = x
        self.scores = x @ self.W + self.b
        return self.scores.max(axis=1)

    def backward(self, dy):
        top = self.scores.max(axis=1, keepdims=True)
        dscores = np.where(self.scores == top, dy[:, None, :], 0.0)  # FAULT
        self.dW = np.einsum("btf,bth->fh", self.x, dscores)
        self.db = dscores.sum(axis=(0, 1))
        return dscores @ self.W.T


class MaxOverTimeRepaired:
    """Dense map of every position, then the maximum over positions: (B, T, F) -> (B, H)"""

    def __init__(self, n_features, n_hidden, rng):
        self.W = rng.normal(0, 0.5, size=(n_features, n_hidden))
        self.b = rng.normal(0, 0.5, size=n_hidden)

    def forward(self, x):
        self.x = x
        self.scores = x @ self.W + self.b
        return self.scores.max(axis=1)

    def backward(self, dy):
        winner = self.scores.argmax(axis=1)[:, None, :]
        dscores = np.zeros_like(self.scores)
        np.put_along_axis(dscores, winner, dy[:, None, :], axis=1)
        self.dW = np.einsum("btf,bth->fh", self.x, dscores)
        self.db = dscores.sum(axis=(0, 1))
        return dscores @ self.W.T


def faulty():
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(5, 4))
    words = np.array([[0, 3, 3, 1, 0, 2], [4, 4, 4, 1, 2, 1]])
    return {"subject": MaxOverTime(4, 3, rng), "inputs": (vectors[words],)}


def correct():
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(5, 4))
    words = np.array([[0, 3, 3, 1, 0, 2], [4, 4, 4, 1, 2, 1]])
    return {"subject": MaxOverTimeRepaired(4, 3, rng), "inputs": (vectors[words],)}
