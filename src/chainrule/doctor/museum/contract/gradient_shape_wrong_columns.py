"""A deep network in the column convention: every example is a column, biases have shape (n, 1).

Symptom: no error, but after one update the biases are square matrices, and the cost goes up.
Repair: keepdims=True in the bias gradient.
"""
import numpy as np

CODES = ("gradient-shape-wrong",)
PLACES = ("b1", "b2", "db1", "db2", "parameters.b1", "parameters.b2", "grads.db1", "parameters['b1']",
          "parameters['b2']")


class DeepNetwork:
    """[LINEAR -> TANH] -> LINEAR; X has shape (n_x, m)."""

    def __init__(self, n_x, n_h, n_y, seed=1):
        rng = np.random.default_rng(seed)
        self.parameters = {
            "W1": rng.standard_normal((n_h, n_x)) * 0.5,
            "b1": rng.standard_normal((n_h, 1)) * 0.1,
            "W2": rng.standard_normal((n_y, n_h)) * 0.5,
            "b2": rng.standard_normal((n_y, 1)) * 0.1,
        }
        self.grads = {}

    def linear_backward(self, dZ, A_prev, layer):
        W = self.parameters["W" + str(layer)]
        self.grads["dW" + str(layer)] = np.dot(dZ, A_prev.T)
        self.grads["db" + str(layer)] = np.sum(dZ, axis=1)  # FAULT
        return np.dot(W.T, dZ)

    def forward(self, X):
        p = self.parameters
        self.X = X
        self.A1 = np.tanh(np.dot(p["W1"], X) + p["b1"])
        return np.dot(p["W2"], self.A1) + p["b2"]

    def backward(self, dZ2):
        dA1 = self.linear_backward(dZ2, self.A1, 2)
        dZ1 = dA1 * (1 - np.power(self.A1, 2))
        return self.linear_backward(dZ1, self.X, 1)


class DeepNetworkRepaired:
    """[LINEAR -> TANH] -> LINEAR; X has shape (n_x, m)."""

    def __init__(self, n_x, n_h, n_y, seed=1):
        rng = np.random.default_rng(seed)
        self.parameters = {
            "W1": rng.standard_normal((n_h, n_x)) * 0.5,
            "b1": rng.standard_normal((n_h, 1)) * 0.1,
            "W2": rng.standard_normal((n_y, n_h)) * 0.5,
            "b2": rng.standard_normal((n_y, 1)) * 0.1,
        }
        self.grads = {}

    def linear_backward(self, dZ, A_prev, layer):
        W = self.parameters["W" + str(layer)]
        self.grads["dW" + str(layer)] = np.dot(dZ, A_prev.T)
        self.grads["db" + str(layer)] = np.sum(dZ, axis=1, keepdims=True)
        return np.dot(W.T, dZ)

    def forward(self, X):
        p = self.parameters
        self.X = X
        self.A1 = np.tanh(np.dot(p["W1"], X) + p["b1"])
        return np.dot(p["W2"], self.A1) + p["b2"]

    def backward(self, dZ2):
        dA1 = self.linear_backward(dZ2, self.A1, 2)
        dZ1 = dA1 * (1 - np.power(self.A1, 2))
        return self.linear_backward(dZ1, self.X, 1)


def faulty():
    X = np.random.default_rng(4).standard_normal((3, 6))
    return {"subject": DeepNetwork(3, 5, 2), "inputs": (X,)}


def correct():
    X = np.random.default_rng(4).standard_normal((3, 6))
    return {"subject": DeepNetworkRepaired(3, 5, 2), "inputs": (X,)}
