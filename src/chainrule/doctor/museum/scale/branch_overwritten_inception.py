"""A block with three parallel branches whose outputs are concatenated.

Symptom: layers below the block learn from its last branch only.
Repair: the input feeds all branches; add up their gradients.
"""
import numpy as np

CODES = ("branch-overwritten",)
PLACES = ("", "x")


class Branch:
    def __init__(self, n_in, n_out, rng):
        self.w = rng.normal(size=(n_in, n_out)) / np.sqrt(n_in)
        self.b = rng.normal(size=n_out) * 0.1

    def forward(self, x):
        self.x = x
        self.y = np.tanh(x @ self.w + self.b)
        return self.y

    def backward(self, dy):
        dz = dy * (1.0 - self.y ** 2)
        self.dw = self.x.T @ dz
        self.db = dz.sum(axis=0)
        return dz @ self.w.T


class ParallelBlock:
    def __init__(self, n_in, widths, rng):
        self.branches = [Branch(n_in, width, rng) for width in widths]
        self.edges = np.cumsum(widths)[:-1]

    def forward(self, x):
        return np.concatenate([branch.forward(x) for branch in self.branches], axis=1)

    def backward(self, dy):
        pieces = np.split(dy, self.edges, axis=1)
        for branch, piece in zip(self.branches, pieces):
            dx = branch.backward(piece)  # FAULT
        return dx


class ParallelBlockRepaired:
    def __init__(self, n_in, widths, rng):
        self.branches = [Branch(n_in, width, rng) for width in widths]
        self.edges = np.cumsum(widths)[:-1]

    def forward(self, x):
        return np.concatenate([branch.forward(x) for branch in self.branches], axis=1)

    def backward(self, dy):
        pieces = np.split(dy, self.edges, axis=1)
        dx = 0.0
        for branch, piece in zip(self.branches, pieces):
            dx = dx + branch.backward(piece)
        return dx


def faulty():
    rng = np.random.default_rng(45)
    return {"subject": ParallelBlock(5, (2, 4, 3), rng), "inputs": (rng.normal(size=(6, 5)),)}


def correct():
    rng = np.random.default_rng(45)
    return {"subject": ParallelBlockRepaired(5, (2, 4, 3), rng), "inputs": (rng.normal(size=(6, 5)),)}
