"""Root mean square normalization, written for little memory.

Symptom: the batch is another one after the first backward pass; a second epoch over the same array
goes wrong.
Repair: the normalized activations need an array of their own; x still belongs to the caller.
"""
import numpy as np

CODES = ("mutates-upstream",)
PLACES = ("x", "")


class RMSNorm:
    """y = gain * x / sqrt(mean(x ** 2) + eps), over the last axis."""

    def __init__(self, features, rng, eps=1e-6):
        self.gain = rng.uniform(0.5, 1.5, features)
        self.eps = eps

    def forward(self, x):
        self.x = x
        self.inverse = 1.0 / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + self.eps)
        return self.gain * x * self.inverse

    def backward(self, dy):
        x_hat = self.x
        x_hat *= self.inverse  # FAULT
        batch_axes = tuple(range(dy.ndim - 1))
        self.grad_gain = np.sum(dy * x_hat, axis=batch_axes)
        d_hat = dy * self.gain
        projection = np.mean(d_hat * x_hat, axis=-1, keepdims=True)
        return self.inverse * (d_hat - x_hat * projection)


class RMSNormRepaired:
    """y = gain * x / sqrt(mean(x ** 2) + eps), over the last axis."""

    def __init__(self, features, rng, eps=1e-6):
        self.gain = rng.uniform(0.5, 1.5, features)
        self.eps = eps

    def forward(self, x):
        self.x = x
        self.inverse = 1.0 / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + self.eps)
        return self.gain * x * self.inverse

    def backward(self, dy):
        x_hat = self.x * self.inverse
        batch_axes = tuple(range(dy.ndim - 1))
        self.grad_gain = np.sum(dy * x_hat, axis=batch_axes)
        d_hat = dy * self.gain
        projection = np.mean(d_hat * x_hat, axis=-1, keepdims=True)
        return self.inverse * (d_hat - x_hat * projection)


def faulty():
    rng = np.random.default_rng(15)
    return {"subject": RMSNorm(5, rng), "inputs": (rng.normal(size=(2, 3, 5)),)}


def correct():
    rng = np.random.default_rng(15)
    return {"subject": RMSNormRepaired(5, rng), "inputs": (rng.normal(size=(2, 3, 5)),)}
