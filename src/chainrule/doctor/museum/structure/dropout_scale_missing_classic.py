"""Classic dropout (scaling at test time) with the backward of inverted dropout.

Symptom: gradients below the dropout are too large by 1/(1-p).
Repair: forward only masks during training, so backward only masks.
"""
import numpy as np

CODES = ("dropout-scale-missing",)
PLACES = ("x", "", "W", "Wx", "b", "drop", "params.W", "params.b")


class DropoutDense:
    """tanh(W x + b) on columns, then dropout: masked in training, multiplied by 1 - p otherwise."""

    def __init__(self, n_in, n_out, p, rng):
        self.params = {"W": rng.normal(0, 0.6, (n_out, n_in)), "b": np.zeros((n_out, 1))}
        self.p = p
        self.rng = rng

    def forward(self, x, training=True):
        self.x = x
        self.h = np.tanh(self.params["W"] @ x + self.params["b"])
        self.training = training
        if not training:
            return self.h * (1 - self.p)
        self.mask = (self.rng.random(self.h.shape) > self.p).astype(float)
        return self.h * self.mask

    def backward(self, dout):
        if self.training:
            dh = dout * self.mask / (1 - self.p)  # FAULT
        else:
            dh = dout * (1 - self.p)
        dz = dh * (1 - self.h ** 2)
        self.grads = {"W": dz @ self.x.T, "b": dz.sum(axis=1, keepdims=True)}
        return self.params["W"].T @ dz


class DropoutDenseRepaired:
    """tanh(W x + b) on columns, then dropout: masked in training, multiplied by 1 - p otherwise."""

    def __init__(self, n_in, n_out, p, rng):
        self.params = {"W": rng.normal(0, 0.6, (n_out, n_in)), "b": np.zeros((n_out, 1))}
        self.p = p
        self.rng = rng

    def forward(self, x, training=True):
        self.x = x
        self.h = np.tanh(self.params["W"] @ x + self.params["b"])
        self.training = training
        if not training:
            return self.h * (1 - self.p)
        self.mask = (self.rng.random(self.h.shape) > self.p).astype(float)
        return self.h * self.mask

    def backward(self, dout):
        if self.training:
            dh = dout * self.mask
        else:
            dh = dout * (1 - self.p)
        dz = dh * (1 - self.h ** 2)
        self.grads = {"W": dz @ self.x.T, "b": dz.sum(axis=1, keepdims=True)}
        return self.params["W"].T @ dz


def faulty():
    rng = np.random.default_rng(12)
    layer = DropoutDense(4, 6, 0.3, rng)
    return {"subject": layer, "inputs": (rng.normal(size=(4, 5)),), "forward_kwargs": {"training": True}}


def correct():
    rng = np.random.default_rng(12)
    layer = DropoutDenseRepaired(4, 6, 0.3, rng)
    return {"subject": layer, "inputs": (rng.normal(size=(4, 5)),), "forward_kwargs": {"training": True}}
