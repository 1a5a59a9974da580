"""A regression network with an output column, trained with a loss for vectors.

Symptom: the loss stops at the variance of the targets.
Repair: y[:, None], or a network that returns (B,).
"""
import numpy as np

CODES = ("broadcast-collapsed",)
PLACES = ("", "target", "loss", "y")


class Regressor:
    """One hidden layer, one output: (B, D) -> (B, 1)."""

    def __init__(self, n_inputs, n_hidden, rng):
        self.params = {
            "W1": rng.normal(size=(n_inputs, n_hidden)) / np.sqrt(n_inputs),
            "b1": rng.normal(size=n_hidden) * 0.1,
            "W2": rng.normal(size=(n_hidden, 1)) / np.sqrt(n_hidden),
            "b2": np.zeros(1),
        }
        self.grads = {}

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.params["W1"] + self.params["b1"])
        return self.h @ self.params["W2"] + self.params["b2"]

    def backward(self, dout):
        dz = dout @ self.params["W2"].T * (1 - self.h ** 2)
        self.grads = {
            "W1": self.x.T @ dz,
            "b1": dz.sum(axis=0),
            "W2": self.h.T @ dout,
            "b2": dout.sum(axis=0),
        }
        return dz @ self.params["W1"].T


def squared_error(y_hat, y):
    """Half the mean squared error of a batch; y_hat: (B, 1), y: (B,)."""
    residual = y_hat - y  # FAULT
    return 0.5 * np.mean(residual ** 2)


def squared_error_gradient(y_hat, y):
    residual = y_hat - y
    return residual.mean(axis=1, keepdims=True) / len(y_hat)


def squared_error_repaired(y_hat, y):
    """Half the mean squared error of a batch; y_hat: (B, 1), y: (B,)."""
    residual = y_hat - y[:, None]
    return 0.5 * np.mean(residual ** 2)


def squared_error_gradient_repaired(y_hat, y):
    residual = y_hat - y[:, None]
    return residual.mean(axis=1, keepdims=True) / len(y_hat)


def faulty():
    rng = np.random.default_rng(38)
    x, y = rng.normal(size=(5, 3)), rng.normal(size=5)
    return {"subject": Regressor(3, 4, rng), "inputs": (x,), "target": y,
            "loss": (squared_error, squared_error_gradient)}


def correct():
    rng = np.random.default_rng(38)
    x, y = rng.normal(size=(5, 3)), rng.normal(size=5)
    return {"subject": Regressor(3, 4, rng), "inputs": (x,), "target": y,
            "loss": (squared_error_repaired, squared_error_gradient_repaired)}
