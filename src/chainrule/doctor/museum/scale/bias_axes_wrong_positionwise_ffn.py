"""Position-wise feed-forward network on (batch, time, d).

Symptom: optimiser crashes on the bias, or the bias silently grows a time axis after the first update.
Repair: sum the bias gradient over batch and time.
"""
import numpy as np

CODES = ("bias-axes-wrong", "gradient-shape-wrong")
PLACES = ("b1", "b2", "")


def linear(x, W, b):
    return np.matmul(x, W) + b


def linear_backward(dy, x, W):
    dx = np.matmul(dy, W.T)
    dW = np.tensordot(x, dy, axes=([0, 1], [0, 1]))
    db = dy.sum(axis=0)  # FAULT
    return dx, dW, db


class PositionwiseFFN:
    def __init__(self, dModel, dFF):
        rng = np.random.RandomState(100)
        self.W1, self.b1 = rng.randn(dModel, dFF) * 0.5, rng.randn(dFF) * 0.3
        self.W2, self.b2 = rng.randn(dFF, dModel) * 0.5, rng.randn(dModel) * 0.3

    def forward(self, x):
        self.x = x
        self.z = linear(x, self.W1, self.b1)
        self.a = np.maximum(self.z, 0)
        return linear(self.a, self.W2, self.b2)

    def backward(self, dy):
        da, self.gradW2, self.gradb2 = linear_backward(dy, self.a, self.W2)
        dz = da * (self.z > 0)
        dx, self.gradW1, self.gradb1 = linear_backward(dz, self.x, self.W1)
        return dx


def linear_repaired(x, W, b):
    return np.matmul(x, W) + b


def linear_backward_repaired(dy, x, W):
    dx = np.matmul(dy, W.T)
    dW = np.tensordot(x, dy, axes=([0, 1], [0, 1]))
    db = dy.sum(axis=(0, 1))
    return dx, dW, db


class PositionwiseFFNRepaired:
    def __init__(self, dModel, dFF):
        rng = np.random.RandomState(100)
        self.W1, self.b1 = rng.randn(dModel, dFF) * 0.5, rng.randn(dFF) * 0.3
        self.W2, self.b2 = rng.randn(dFF, dModel) * 0.5, rng.randn(dModel) * 0.3

    def forward(self, x):
        self.x = x
        self.z = linear_repaired(x, self.W1, self.b1)
        self.a = np.maximum(self.z, 0)
        return linear_repaired(self.a, self.W2, self.b2)

    def backward(self, dy):
        da, self.gradW2, self.gradb2 = linear_backward_repaired(dy, self.a, self.W2)
        dz = da * (self.z > 0)
        dx, self.gradW1, self.gradb1 = linear_backward_repaired(dz, self.x, self.W1)
        return dx


def _x():
    return (np.random.RandomState(17).randn(2, 4, 5),)


def faulty():
    return {"subject": PositionwiseFFN(5, 7), "inputs": _x()}


def correct():
    return {"subject": PositionwiseFFNRepaired(5, 7), "inputs": _x()}
