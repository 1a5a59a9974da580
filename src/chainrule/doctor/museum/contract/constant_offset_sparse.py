"""The encoder half of a sparse autoencoder, columns as examples, lambda and beta as in the exercise.

Symptom: the gradient check fails by the same amount for every loss, and units die without a reason
in the data.
Repair: the loss that is checked has no sparsity penalty, so neither may its gradient.
"""
import numpy as np

CODES = ("constant-offset",)
PLACES = ("", "x", "W", "b", "dW", "db", "theta.W", "theta.b", "theta['W']", "theta['b']")


class Encoder:
    """a = sigmoid(W x + b); x: (visible, examples)."""

    def __init__(self, visible, hidden, rng):
        r = np.sqrt(6.0 / (visible + hidden + 1))
        self.theta = {"W": rng.uniform(-r, r, (hidden, visible)), "b": rng.uniform(-r, r, (hidden, 1))}
        self.rho = 0.05
        self.beta = 3.0

    def forward(self, x):
        self.x = x
        self.a = 1.0 / (1.0 + np.exp(-(self.theta["W"] @ x + self.theta["b"])))
        return self.a

    def backward(self, da):
        m = self.x.shape[1]
        rho_hat = self.a.mean(axis=1, keepdims=True)
        sparsity = self.beta * (-self.rho / rho_hat + (1 - self.rho) / (1 - rho_hat)) / m
        delta = (da + sparsity) * self.a * (1 - self.a)  # FAULT
        self.grad = {"W": delta @ self.x.T, "b": delta.sum(axis=1, keepdims=True)}
        return self.theta["W"].T @ delta


class EncoderRepaired:
    """a = sigmoid(W x + b); x: (visible, examples)."""

    def __init__(self, visible, hidden, rng):
        r = np.sqrt(6.0 / (visible + hidden + 1))
        self.theta = {"W": rng.uniform(-r, r, (hidden, visible)), "b": rng.uniform(-r, r, (hidden, 1))}
        self.rho = 0.05
        self.beta = 3.0

    def forward(self, x):
        self.x = x
        self.a = 1.0 / (1.0 + np.exp(-(self.theta["W"] @ x + self.theta["b"])))
        return self.a

    def backward(self, da):
        delta = da * self.a * (1 - self.a)
        self.grad = {"W": delta @ self.x.T, "b": delta.sum(axis=1, keepdims=True)}
        return self.theta["W"].T @ delta


def faulty():
    rng = np.random.default_rng(37)
    return {"subject": Encoder(6, 4, rng), "inputs": (rng.normal(size=(6, 5)),)}


def correct():
    rng = np.random.default_rng(37)
    return {"subject": EncoderRepaired(6, 4, rng), "inputs": (rng.normal(size=(6, 5)),)}
