"""A highway layer with parallel lists of parameters and gradients, as an optimizer likes them.

Symptom: the loss falls at first, then wanders; per-layer gradient norms look healthy.
Repair: append the gradients in the order of the parameters.
"""
import numpy as np

CODES = ("gradients-swapped",)
PLACES = ("params[0]", "params[1]", "params.0", "params.1", "transform", "")


def sigmoid(v):
    return 1.0 / (1.0 + np.exp(-v))


class Highway:
    """y = t * h + (1 - t) * x, with h = tanh(x Wh + bh) and t = sigmoid(x Wt + bt)."""

    def __init__(self, width, rng):
        draw = lambda *shape: rng.normal(size=shape) / np.sqrt(width)
        self.params = [draw(width, width), draw(width, width), draw(width), draw(width)]
        self.grads = []

    def forward(self, x):
        Wh, Wt, bh, bt = self.params
        self.x = x
        self.h = np.tanh(x @ Wh + bh)
        self.t = sigmoid(x @ Wt + bt)
        return self.t * self.h + (1.0 - self.t) * x

    def backward(self, dy):
        Wh, Wt, bh, bt = self.params
        dzh = dy * self.t * (1.0 - self.h ** 2)
        dzt = dy * (self.h - self.x) * self.t * (1.0 - self.t)
        self.grads = [self.x.T @ dzt, self.x.T @ dzh, dzh.sum(axis=0), dzt.sum(axis=0)]  # FAULT
        return dy * (1.0 - self.t) + dzh @ Wh.T + dzt @ Wt.T


class HighwayRepaired:
    """y = t * h + (1 - t) * x, with h = tanh(x Wh + bh) and t = sigmoid(x Wt + bt)."""

    def __init__(self, width, rng):
        draw = lambda *shape: rng.normal(size=shape) / np.sqrt(width)
        self.params = [draw(width, width), draw(width, width), draw(width), draw(width)]
        self.grads = []

    def forward(self, x):
        Wh, Wt, bh, bt = self.params
        self.x = x
        self.h = np.tanh(x @ Wh + bh)
        self.t = sigmoid(x @ Wt + bt)
        return self.t * self.h + (1.0 - self.t) * x

    def backward(self, dy):
        Wh, Wt, bh, bt = self.params
        dzh = dy * self.t * (1.0 - self.h ** 2)
        dzt = dy * (self.h - self.x) * self.t * (1.0 - self.t)
        self.grads = [self.x.T @ dzh, self.x.T @ dzt, dzh.sum(axis=0), dzt.sum(axis=0)]
        return dy * (1.0 - self.t) + dzh @ Wh.T + dzt @ Wt.T


def faulty():
    rng = np.random.default_rng(28)
    return {"subject": Highway(4, rng), "inputs": (rng.normal(size=(5, 4)),)}


def correct():
    rng = np.random.default_rng(28)
    return {"subject": HighwayRepaired(4, rng), "inputs": (rng.normal(size=(5, 4)),)}
