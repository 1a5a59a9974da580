"""A graph convolution that sends the gradient back along the edges' own direction.

Symptom: right for undirected graphs only.
Repair: multiply with the transposed adjacency.
"""
import numpy as np

CODES = ("transpose-missing",)
PLACES = ("x", "M", "H")


class GraphConv:
    """y = A x W with a directed, normalized adjacency."""

    def __init__(self, adjacency, n_in, n_out, rng):
        self.adjacency = adjacency
        self.theta = rng.normal(size=(n_in, n_out))

    def forward(self, x):
        self.agg = self.adjacency @ x
        return self.agg @ self.theta

    def backward(self, dy):
        self.theta_grad = self.agg.T @ dy
        dagg = dy @ self.theta.T
        return self.adjacency @ dagg  # FAULT


class GraphConvRepaired:
    """y = A x W with a directed, normalized adjacency."""

    def __init__(self, adjacency, n_in, n_out, rng):
        self.adjacency = adjacency
        self.theta = rng.normal(size=(n_in, n_out))

    def forward(self, x):
        self.agg = self.adjacency @ x
        return self.agg @ self.theta

    def backward(self, dy):
        self.theta_grad = self.agg.T @ dy
        dagg = dy @ self.theta.T
        return self.adjacency.T @ dagg


def faulty():
    rng = np.random.default_rng(25)
    adj = (rng.random((5, 5)) < 0.5) + np.eye(5)
    adj = adj / adj.sum(axis=1, keepdims=True)
    return {"subject": GraphConv(adj, 4, 3, rng), "inputs": (rng.normal(size=(5, 4)),)}


def correct():
    rng = np.random.default_rng(25)
    adj = (rng.random((5, 5)) < 0.5) + np.eye(5)
    adj = adj / adj.sum(axis=1, keepdims=True)
    return {"subject": GraphConvRepaired(adj, 4, 3, rng), "inputs": (rng.normal(size=(5, 4)),)}
