"""Gated linear unit for a tabular competition.

Symptom: forward is fine, backward dies with "matmul: Input operand 1 has a mismatch in its core dimension".
Repair: join the two halves along the feature axis, as forward split them.
"""
import numpy as np
CODES = ("backward-raises",)
PLACES = ("", "W", "dW", "x", "dx", "b", "db")


def sigmoid(v):
    return 1.0 / (1.0 + np.exp(-v))


class GLU:
    def __init__(self, d_in=5, d_out=4):
        self.W = np.random.randn(d_in, 2 * d_out) * 0.4
        self.b = np.random.randn(2 * d_out) * 0.1

    def forward(self, x):
        self.x = x
        self.value, self.gate = np.split(x @ self.W + self.b, 2, axis=-1)
        self.s = sigmoid(self.gate)
        return self.value * self.s

    def backward(self, dout):
        dvalue = dout * self.s
        dgate = dout * self.value * self.s * (1 - self.s)
        dz = np.concatenate([dvalue, dgate])  # FAULT
        self.dW = self.x.T @ dz
        self.db = dz.sum(axis=0)
        return dz @ self.W.T


class GLURepaired:
    def __init__(self, d_in=5, d_out=4):
        self.W = np.random.randn(d_in, 2 * d_out) * 0.4
        self.b = np.random.randn(2 * d_out) * 0.1

    def forward(self, x):
        self.x = x
        self.value, self.gate = np.split(x @ self.W + self.b, 2, axis=-1)
        self.s = sigmoid(self.gate)
        return self.value * self.s

    def backward(self, dout):
        dvalue = dout * self.s
        dgate = dout * self.value * self.s * (1 - self.s)
        dz = np.concatenate([dvalue, dgate], axis=-1)
        self.dW = self.x.T @ dz
        self.db = dz.sum(axis=0)
        return dz @ self.W.T


def faulty():
    np.random.seed(3)
    return {"subject": GLU(5, 4), "inputs": (np.random.randn(3, 5),)}


def correct():
    np.random.seed(3)
    return {"subject": GLURepaired(5, 4), "inputs": (np.random.randn(3, 5),)}
