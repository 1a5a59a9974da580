"""A classifier in column convention, (classes, batch), with a softmax over the samples.

Symptom: the probabilities of a sample add up to anything; with a single sample all are 1.
Repair: normalize over axis 0, the classes.
"""
import numpy as np

CODES = ("softmax-axis-wrong", "batch-leak")
PLACES = ("", "softmax", "x", "X", "Z")


class Layer:
    """Affine map of column vectors."""

    def __init__(self, fan_in, fan_out, rng):
        self.W = rng.standard_normal((fan_out, fan_in)) / np.sqrt(fan_in)
        self.b = 0.1 * rng.standard_normal((fan_out, 1))

    def forward(self, X):
        self.X = X
        return self.W @ X + self.b

    def backward(self, delta):
        self.dW = delta @ self.X.T
        self.db = delta.sum(axis=1, keepdims=True)
        return self.W.T @ delta


class Softmax:
    """Turns scores into class probabilities, one column for each sample."""

    def forward(self, Z):
        E = np.exp(Z - Z.max(axis=1, keepdims=True))
        self.P = E / E.sum(axis=1, keepdims=True)  # FAULT
        return self.P

    def backward(self, delta):
        return self.P * (delta - (delta * self.P).sum(axis=1, keepdims=True))


class ShallowNet:
    def __init__(self, n_features, n_hidden, n_classes, rng):
        self.hidden = Layer(n_features, n_hidden, rng)
        self.output = Layer(n_hidden, n_classes, rng)
        self.softmax = Softmax()

    def forward(self, X):
        self.A = np.tanh(self.hidden.forward(X))
        return self.softmax.forward(self.output.forward(self.A))

    def backward(self, delta):
        delta = self.output.backward(self.softmax.backward(delta))
        return self.hidden.backward(delta * (1 - self.A ** 2))


class SoftmaxRepaired:
    """Turns scores into class probabilities, one column for each sample."""

    def forward(self, Z):
        E = np.exp(Z - Z.max(axis=0, keepdims=True))
        self.P = E / E.sum(axis=0, keepdims=True)
        return self.P

    def backward(self, delta):
        return self.P * (delta - (delta * self.P).sum(axis=0, keepdims=True))


class ShallowNetRepaired:
    def __init__(self, n_features, n_hidden, n_classes, rng):
        self.hidden = Layer(n_features, n_hidden, rng)
        self.output = Layer(n_hidden, n_classes, rng)
        self.softmax = SoftmaxRepaired()

    def forward(self, X):
        self.A = np.tanh(self.hidden.forward(X))
        return self.softmax.forward(self.output.forward(self.A))

    def backward(self, delta):
        delta = self.output.backward(self.softmax.backward(delta))
        return self.hidden.backward(delta * (1 - self.A ** 2))


def faulty():
    rng = np.random.default_rng(15)
    X = rng.standard_normal((4, 6))
    return {"subject": ShallowNet(4, 5, 3, rng), "inputs": (X,)}


def correct():
    rng = np.random.default_rng(15)
    X = rng.standard_normal((4, 6))
    return {"subject": ShallowNetRepaired(4, 5, 3, rng), "inputs": (X,)}
