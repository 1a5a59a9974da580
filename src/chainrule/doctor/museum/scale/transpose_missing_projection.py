"""Two square projections in a row with a tanh between; weights updated on the way back.

Symptom: the last projection learns, everything before it receives noise.
Repair: the gradient of the input of x W is dy W^T.
"""
import numpy as np

CODES = ("transpose-missing",)
PLACES = ("first", "second", "x", "second.x", "first.theta")


class Projection:
    def __init__(self, width, rng):
        self.theta = rng.normal(size=(width, width)) / np.sqrt(width)

    def forward(self, x):
        self.x = x
        return x @ self.theta

    def backward(self, dy, learning_rate):
        dx = dy @ self.theta  # FAULT
        self.theta -= learning_rate * (self.x.T @ dy)
        return dx


class TwoProjections:
    def __init__(self, width, rng):
        self.first = Projection(width, rng)
        self.second = Projection(width, rng)

    def forward(self, x):
        self.h = np.tanh(self.first.forward(x))
        return self.second.forward(self.h)

    def backward(self, dy, learning_rate):
        dh = self.second.backward(dy, learning_rate)
        return self.first.backward(dh * (1.0 - self.h ** 2), learning_rate)


class ProjectionRepaired:
    def __init__(self, width, rng):
        self.theta = rng.normal(size=(width, width)) / np.sqrt(width)

    def forward(self, x):
        self.x = x
        return x @ self.theta

    def backward(self, dy, learning_rate):
        dx = dy @ self.theta.T
        self.theta -= learning_rate * (self.x.T @ dy)
        return dx


class TwoProjectionsRepaired:
    def __init__(self, width, rng):
        self.first = ProjectionRepaired(width, rng)
        self.second = ProjectionRepaired(width, rng)

    def forward(self, x):
        self.h = np.tanh(self.first.forward(x))
        return self.second.forward(self.h)

    def backward(self, dy, learning_rate):
        dh = self.second.backward(dy, learning_rate)
        return self.first.backward(dh * (1.0 - self.h ** 2), learning_rate)


def faulty():
    rng = np.random.default_rng(19)
    return {"subject": TwoProjections(5, rng), "inputs": (rng.normal(size=(3, 5)),)}


def correct():
    rng = np.random.default_rng(19)
    return {"subject": TwoProjectionsRepaired(5, rng), "inputs": (rng.normal(size=(3, 5)),)}
