"""A two-layer perceptron whose hidden error is multiplied with the second weight untransposed.

Symptom: an exception about shapes as soon as hidden and output sizes differ.
Repair: multiply by the transpose.
"""
import numpy as np

CODES = ("backward-raises", "transpose-missing")
PLACES = ("W1", "x", "")


class Param:
    def __init__(self, value):
        self.value = value
        self.grad = np.zeros_like(value)


class TwoLayer:
    """x (B, n_in) -> tanh -> (B, n_out)."""

    def __init__(self, n_in, n_hid, n_out, rng):
        self.W1 = Param(rng.normal(size=(n_in, n_hid)) * 0.4)
        self.b1 = Param(rng.normal(size=n_hid) * 0.1)
        self.W2 = Param(rng.normal(size=(n_hid, n_out)) * 0.4)
        self.b2 = Param(rng.normal(size=n_out) * 0.1)

    def params(self):
        return [self.W1, self.b1, self.W2, self.b2]

    def forward(self, x):
        hidden = np.tanh(x @ self.W1.value + self.b1.value)
        self.saved = (x, hidden)
        return hidden @ self.W2.value + self.b2.value

    def backward(self, dout):
        x, hidden = self.saved
        self.W2.grad = hidden.T @ dout
        self.b2.grad = dout.sum(axis=0)
        dhidden = dout @ self.W2.value  # FAULT
        dpre = dhidden * (1.0 - hidden ** 2)
        self.W1.grad = x.T @ dpre
        self.b1.grad = dpre.sum(axis=0)
        return dpre @ self.W1.value.T


class TwoLayerRepaired:
    """x (B, n_in) -> tanh -> (B, n_out)."""

    def __init__(self, n_in, n_hid, n_out, rng):
        self.W1 = Param(rng.normal(size=(n_in, n_hid)) * 0.4)
        self.b1 = Param(rng.normal(size=n_hid) * 0.1)
        self.W2 = Param(rng.normal(size=(n_hid, n_out)) * 0.4)
        self.b2 = Param(rng.normal(size=n_out) * 0.1)

    def params(self):
        return [self.W1, self.b1, self.W2, self.b2]

    def forward(self, x):
        hidden = np.tanh(x @ self.W1.value + self.b1.value)
        self.saved = (x, hidden)
        return hidden @ self.W2.value + self.b2.value

    def backward(self, dout):
        x, hidden = self.saved
        self.W2.grad = hidden.T @ dout
        self.b2.grad = dout.sum(axis=0)
        dhidden = dout @ self.W2.value.T
        dpre = dhidden * (1.0 - hidden ** 2)
        self.W1.grad = x.T @ dpre
        self.b1.grad = dpre.sum(axis=0)
        return dpre @ self.W1.value.T


def faulty():
    rng = np.random.default_rng(3)
    return {"subject": TwoLayer(5, 7, 3, rng), "inputs": (rng.normal(size=(4, 5)),)}


def correct():
    rng = np.random.default_rng(3)
    return {"subject": TwoLayerRepaired(5, 7, 3, rng), "inputs": (rng.normal(size=(4, 5)),)}
