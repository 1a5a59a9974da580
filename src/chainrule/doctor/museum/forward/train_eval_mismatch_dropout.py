"""A network that takes a training flag and forgets to hand it on to its dropout layer.

Symptom: two evaluations of one model give two accuracies.
Repair: self.dropout.forward(h, training).
"""
import numpy as np

CODES = ("train-eval-mismatch",)
PLACES = ("", "dropout", "x", "training")


class Affine:
    def __init__(self, n_in, n_out, rng):
        self.params = {"W": rng.normal(size=(n_in, n_out)) / np.sqrt(n_in)}
        self.params["b"] = rng.normal(size=n_out) * 0.1
        self.grads = {}

    def forward(self, x):
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dy):
        self.grads["W"] = self.x.T @ dy
        self.grads["b"] = dy.sum(axis=0)
        return dy @ self.params["W"].T


class Dropout:
    """Inverted dropout: what is kept is scaled by 1 / (1 - rate) while training."""

    def __init__(self, rate, rng):
        self.rate, self.rng = rate, rng

    def forward(self, x, training=True):
        if training:
            keep = 1.0 - self.rate
            self.mask = (self.rng.random(x.shape) < keep) / keep
        else:
            self.mask = np.ones_like(x)
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


class DropoutNet:
    def __init__(self, n_inputs, n_hidden, n_outputs, rng, rate=0.4):
        self.hidden = Affine(n_inputs, n_hidden, rng)
        self.dropout = Dropout(rate, rng)
        self.output = Affine(n_hidden, n_outputs, rng)

    def forward(self, x, training=True):
        self.h = np.tanh(self.hidden.forward(x))
        h = self.dropout.forward(self.h)  # FAULT
        return self.output.forward(h)

    def backward(self, dy):
        dh = self.dropout.backward(self.output.backward(dy))
        return self.hidden.backward(dh * (1 - self.h ** 2))


class DropoutNetRepaired:
    def __init__(self, n_inputs, n_hidden, n_outputs, rng, rate=0.4):
        self.hidden = Affine(n_inputs, n_hidden, rng)
        self.dropout = Dropout(rate, rng)
        self.output = Affine(n_hidden, n_outputs, rng)

    def forward(self, x, training=True):
        self.h = np.tanh(self.hidden.forward(x))
        h = self.dropout.forward(self.h, training)
        return self.output.forward(h)

    def backward(self, dy):
        dh = self.dropout.backward(self.output.backward(dy))
        return self.hidden.backward(dh * (1 - self.h ** 2))


def faulty():
    rng = np.random.default_rng(46)
    return {"subject": DropoutNet(4, 10, 3, rng), "inputs": (rng.normal(size=(5, 4)),)}


def correct():
    rng = np.random.default_rng(46)
    return {"subject": DropoutNetRepaired(4, 10, 3, rng), "inputs": (rng.normal(size=(5, 4)),)}
