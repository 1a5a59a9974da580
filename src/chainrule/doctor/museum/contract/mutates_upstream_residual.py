"""A residual block whose last rectifier zeroes the gradient that it is given.

Symptom: the gradient along the skip connection is masked as if it had passed the rectifier.
Repair: copy the gradient before masking it.
"""
import numpy as np

CODES = ("mutates-upstream",)
PLACES = ("relu", "dy", "x", "")


class Dense:
    def __init__(self, n_in, n_out, rng):
        self.W = rng.normal(0.0, np.sqrt(2.0 / n_in), (n_in, n_out))
        self.b = rng.normal(0.0, 0.1, n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.dW = self.x.T @ dy
        self.db = dy.sum(axis=0)
        return dy @ self.W.T


class ReLU:
    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dout[self.mask] = 0  # FAULT
        return dout


class ResidualBlock:
    """y = x + relu(W x + b)"""

    def __init__(self, width, rng):
        self.dense = Dense(width, width, rng)
        self.relu = ReLU()

    def forward(self, x):
        return x + self.relu.forward(self.dense.forward(x))

    def backward(self, dy):
        branch = self.dense.backward(self.relu.backward(dy))
        return dy + branch


class ReLURepaired:
    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dx = dout.copy()
        dx[self.mask] = 0
        return dx


class ResidualBlockRepaired:
    """y = x + relu(W x + b)"""

    def __init__(self, width, rng):
        self.dense = Dense(width, width, rng)
        self.relu = ReLURepaired()

    def forward(self, x):
        return x + self.relu.forward(self.dense.forward(x))

    def backward(self, dy):
        branch = self.dense.backward(self.relu.backward(dy))
        return dy + branch


def faulty():
    rng = np.random.default_rng(13)
    return {"subject": ResidualBlock(6, rng), "inputs": (rng.normal(size=(4, 6)),)}


def correct():
    rng = np.random.default_rng(13)
    return {"subject": ResidualBlockRepaired(6, rng), "inputs": (rng.normal(size=(4, 6)),)}
