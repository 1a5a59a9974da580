"""A small regression network with several targets per sample.

Symptom: the gradient is as many times too large as there are targets; it trains, at a strange learning rate.
Repair: divide by the number of elements, as `np.mean` does in the loss.
"""
import numpy as np

CODES = ("mean-sum-mismatch",)
PLACES = ("", "loss", "y", "y_pred")


class Regressor:
    def __init__(self, n_in, n_hidden, n_out, rng):
        self.params = {
            "W1": rng.normal(size=(n_in, n_hidden)) / np.sqrt(n_in),
            "b1": rng.normal(size=n_hidden) * 0.1,
            "W2": rng.normal(size=(n_hidden, n_out)) / np.sqrt(n_hidden),
            "b2": rng.normal(size=n_out) * 0.1,
        }
        self.grads = {}

    def forward(self, x):
        p = self.params
        self.x = x
        self.h = np.tanh(x @ p["W1"] + p["b1"])
        return self.h @ p["W2"] + p["b2"]

    def backward(self, dy):
        p = self.params
        self.grads["W2"] = self.h.T @ dy
        self.grads["b2"] = dy.sum(axis=0)
        dz = (dy @ p["W2"].T) * (1.0 - self.h ** 2)
        self.grads["W1"] = self.x.T @ dz
        self.grads["b1"] = dz.sum(axis=0)
        return dz @ p["W1"].T


def mse(y_pred, y_true):
    return np.mean((y_pred - y_true) ** 2)


def mse_gradient(y_pred, y_true):
    return 2.0 * (y_pred - y_true) / y_pred.shape[0]  # FAULT


def mse_gradient_repaired(y_pred, y_true):
    return 2.0 * (y_pred - y_true) / y_pred.size


def faulty():
    rng = np.random.default_rng(1)
    model = Regressor(4, 6, 3, rng)
    x, y = rng.normal(size=(5, 4)), rng.normal(size=(5, 3))
    return {"subject": model, "inputs": (x,), "loss": (mse, mse_gradient), "target": y}


def correct():
    rng = np.random.default_rng(1)
    model = Regressor(4, 6, 3, rng)
    x, y = rng.normal(size=(5, 4)), rng.normal(size=(5, 3))
    return {"subject": model, "inputs": (x,), "loss": (mse, mse_gradient_repaired), "target": y}
