"""Projection head whose embeddings are to have length 1, divided by the norm of the whole batch instead.

Symptom: similarities shrink as the batch grows, and retrieval changes with the companions of a query.
Repair: take the norm over the feature axis, with keepdims.
"""
import numpy as np

CODES = ("batch-leak",)
PLACES = ("x", "", "normalize", "layers.3", "3")


class Linear:
    def __init__(self, n_in, n_out, rng):
        self.weight = rng.standard_normal((n_out, n_in)) / np.sqrt(n_in)
        self.bias = 0.1 * rng.standard_normal(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.weight.T + self.bias

    def backward(self, dy):
        self.weight_grad = dy.T @ self.x
        self.bias_grad = dy.sum(axis=0)
        return dy @ self.weight


class Softplus:
    def forward(self, x):
        self.x = x
        return np.logaddexp(0.0, x)

    def backward(self, dy):
        return dy / (1.0 + np.exp(-self.x))


class Normalize:
    """Divides each embedding by its Euclidean norm."""

    def __init__(self, eps=1e-12):
        self.eps = eps

    def forward(self, x):
        self.x = x
        self.norm = np.sqrt((x * x).sum() + self.eps)  # FAULT
        return x / self.norm

    def backward(self, dy):
        projection = (dy * self.x).sum()  # FAULT
        return dy / self.norm - self.x * projection / self.norm ** 3


class ProjectionHead:
    """Dense, softplus, dense, unit length: the head of a contrastive model."""

    def __init__(self, n_in, n_hidden, n_out, rng):
        hidden, output = Linear(n_in, n_hidden, rng), Linear(n_hidden, n_out, rng)
        self.layers = [hidden, Softplus(), output, Normalize()]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy


class NormalizeRepaired:
    """Divides each embedding by its Euclidean norm."""

    def __init__(self, eps=1e-12):
        self.eps = eps

    def forward(self, x):
        self.x = x
        self.norm = np.sqrt((x * x).sum(axis=1, keepdims=True) + self.eps)
        return x / self.norm

    def backward(self, dy):
        projection = (dy * self.x).sum(axis=1, keepdims=True)
        return dy / self.norm - self.x * projection / self.norm ** 3


class ProjectionHeadRepaired:
    """Dense, softplus, dense, unit length: the head of a contrastive model."""

    def __init__(self, n_in, n_hidden, n_out, rng):
        hidden, output = Linear(n_in, n_hidden, rng), Linear(n_hidden, n_out, rng)
        self.layers = [hidden, Softplus(), output, NormalizeRepaired()]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy


def faulty():
    rng = np.random.default_rng(2)
    return {"subject": ProjectionHead(6, 5, 3, rng), "inputs": (rng.standard_normal((4, 6)),)}


def correct():
    rng = np.random.default_rng(2)
    return {"subject": ProjectionHeadRepaired(6, 5, 3, rng), "inputs": (rng.standard_normal((4, 6)),)}
