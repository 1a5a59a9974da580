"""A rectifier that zeroes the incoming gradient in place, in a block whose skip path still needs it.

Symptom: the block's input gradient lacks the skip where the unit was off.
Repair: copy before masking.
"""
import numpy as np

CODES = ("mutates-upstream", "branch-overwritten")
PLACES = ("relu", "relu1", "")


class Relu:
    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dout[self.mask] = 0  # FAULT
        return dout


class SkipBlock:
    """y = relu(x W) + x"""

    def __init__(self, n, rng):
        self.W = rng.normal(size=(n, n)) / np.sqrt(n)
        self.relu = Relu()

    def forward(self, x):
        self.x = x
        return self.relu.forward(x @ self.W) + x

    def backward(self, dout):
        dz = self.relu.backward(dout)
        self.dW = self.x.T @ dz
        return dz @ self.W.T + dout


class ReluRepaired:
    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dout = np.where(self.mask, 0.0, dout)
        return dout


class SkipBlockRepaired:
    """y = relu(x W) + x"""

    def __init__(self, n, rng):
        self.W = rng.normal(size=(n, n)) / np.sqrt(n)
        self.relu = ReluRepaired()

    def forward(self, x):
        self.x = x
        return self.relu.forward(x @ self.W) + x

    def backward(self, dout):
        dz = self.relu.backward(dout)
        self.dW = self.x.T @ dz
        return dz @ self.W.T + dout


def faulty():
    rng = np.random.default_rng(6)
    return {"subject": SkipBlock(5, rng), "inputs": (rng.normal(size=(4, 5)),)}


def correct():
    rng = np.random.default_rng(6)
    return {"subject": SkipBlockRepaired(5, rng), "inputs": (rng.normal(size=(4, 5)),)}
