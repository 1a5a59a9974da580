"""A dense layer with weight decay inside its backward pass.

Symptom: a gradient check passes for the biases and the inputs and fails for the weights.
Repair: add the penalty to the loss as well, or leave the decay to the optimizer.
"""
import numpy as np

CODES = ("regularization-in-gradient",)
PLACES = ("W",)


class Dense:
    def __init__(self, n_in, n_out, rng, weight_decay=0.05):
        self.W = rng.normal(size=(n_in, n_out)) / np.sqrt(n_in)
        self.b = rng.normal(size=n_out) * 0.1
        self.weight_decay = weight_decay

    def forward(self, x):
        self.x = x
        self.y = np.tanh(x @ self.W + self.b)
        return self.y

    def backward(self, dy):
        dz = dy * (1.0 - self.y * self.y)
        self.dW = self.x.T @ dz + self.weight_decay * self.W  # FAULT
        self.db = dz.sum(axis=0)
        return dz @ self.W.T


class DenseRepaired:
    def __init__(self, n_in, n_out, rng, weight_decay=0.05):
        self.W = rng.normal(size=(n_in, n_out)) / np.sqrt(n_in)
        self.b = rng.normal(size=n_out) * 0.1
        self.weight_decay = weight_decay

    def forward(self, x):
        self.x = x
        self.y = np.tanh(x @ self.W + self.b)
        return self.y

    def backward(self, dy):
        dz = dy * (1.0 - self.y * self.y)
        self.dW = self.x.T @ dz
        self.db = dz.sum(axis=0)
        return dz @ self.W.T


def faulty():
    rng = np.random.default_rng(29)
    return {"subject": Dense(5, 3, rng), "inputs": (rng.normal(size=(4, 5)),)}


def correct():
    rng = np.random.default_rng(29)
    return {"subject": DenseRepaired(5, 3, rng), "inputs": (rng.normal(size=(4, 5)),)}
