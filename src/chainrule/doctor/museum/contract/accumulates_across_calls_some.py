"""A recurrent layer whose gradients are attributes; two of three are cleared before each backward
pass.

Symptom: the bias runs away after a few dozen batches while the weights look healthy.
Repair: clear the bias gradient with the other two.
"""
import numpy as np

CODES = ("accumulates-across-calls",)
PLACES = ("b", "b_grad")


class Elman:
    """x: (batch, time, features); h_t = tanh(x_t W + h_(t-1) R + b)."""

    def __init__(self, features, units, rng):
        self.units = units
        self.W = rng.normal(size=(features, units)) / np.sqrt(features)
        self.R = rng.normal(size=(units, units)) * 0.5 / np.sqrt(units)
        self.b = rng.normal(size=units) * 0.1
        self.W_grad = np.zeros_like(self.W)
        self.R_grad = np.zeros_like(self.R)
        self.b_grad = np.zeros_like(self.b)

    def forward(self, x):
        batch, time, _ = x.shape
        self.x = x
        self.h = np.zeros((batch, time + 1, self.units))
        for t in range(time):
            self.h[:, t + 1] = np.tanh(x[:, t] @ self.W + self.h[:, t] @ self.R + self.b)
        return self.h[:, 1:].copy()

    def backward(self, dh):
        self.W_grad[:] = 0
        self.R_grad[:] = 0  # FAULT
        dx = np.empty_like(self.x)
        carry = np.zeros_like(self.h[:, 0])
        for t in range(self.x.shape[1] - 1, -1, -1):
            delta = (dh[:, t] + carry) * (1 - self.h[:, t + 1] ** 2)
            self.W_grad += self.x[:, t].T @ delta
            self.R_grad += self.h[:, t].T @ delta
            self.b_grad += delta.sum(axis=0)
            dx[:, t] = delta @ self.W.T
            carry = delta @ self.R.T
        return dx


class ElmanRepaired:
    """x: (batch, time, features); h_t = tanh(x_t W + h_(t-1) R + b)."""

    def __init__(self, features, units, rng):
        self.units = units
        self.W = rng.normal(size=(features, units)) / np.sqrt(features)
        self.R = rng.normal(size=(units, units)) * 0.5 / np.sqrt(units)
        self.b = rng.normal(size=units) * 0.1
        self.W_grad = np.zeros_like(self.W)
        self.R_grad = np.zeros_like(self.R)
        self.b_grad = np.zeros_like(self.b)

    def forward(self, x):
        batch, time, _ = x.shape
        self.x = x
        self.h = np.zeros((batch, time + 1, self.units))
        for t in range(time):
            self.h[:, t + 1] = np.tanh(x[:, t] @ self.W + self.h[:, t] @ self.R + self.b)
        return self.h[:, 1:].copy()

    def backward(self, dh):
        self.W_grad[:] = 0
        self.R_grad[:] = 0
        self.b_grad[:] = 0
        dx = np.empty_like(self.x)
        carry = np.zeros_like(self.h[:, 0])
        for t in range(self.x.shape[1] - 1, -1, -1):
            delta = (dh[:, t] + carry) * (1 - self.h[:, t + 1] ** 2)
            self.W_grad += self.x[:, t].T @ delta
            self.R_grad += self.h[:, t].T @ delta
            self.b_grad += delta.sum(axis=0)
            dx[:, t] = delta @ self.W.T
            carry = delta @ self.R.T
        return dx


def faulty():
    rng = np.random.default_rng(41)
    return {"subject": Elman(3, 5, rng), "inputs": (rng.normal(size=(2, 4, 3)),)}


def correct():
    rng = np.random.default_rng(41)
    return {"subject": ElmanRepaired(3, 5, rng), "inputs": (rng.normal(size=(2, 4, 3)),)}
