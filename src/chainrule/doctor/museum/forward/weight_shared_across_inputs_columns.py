"""A multi-layer perceptron in column convention; the products are broadcast where a matrix product is meant.

Symptom: a single hidden unit does as well as fifty.
Repair: weights of shape (out, in) and the matrix product W @ a.
"""
import numpy as np

CODES = ("weight-shared-across-inputs",)
PLACES = ("W", "", "a0", "a", "layers.0.W", "layers.1.W", "layers.0", "layers.1",
          "layers[0].W", "layers[1].W", "layers[0]", "layers[1]")


class Neurons:
    """A row of sigmoid neurons; activations are columns, (units, batch)."""

    def __init__(self, n_in, n_out, rng):
        self.shape = (n_out, n_in)
        self.W = rng.normal(size=(n_out, 1)) / np.sqrt(n_in)  # FAULT
        self.b = rng.normal(size=(n_out, 1)) * 0.1

    def forward(self, a):
        self.a_in = a
        z = self.W * a.sum(axis=0, keepdims=True) + self.b
        self.a_out = 1.0 / (1.0 + np.exp(-z))
        return self.a_out

    def backward(self, da, learning_rate):
        delta = da * self.a_out * (1.0 - self.a_out)
        dW = (delta * self.a_in.sum(axis=0, keepdims=True)).sum(axis=1, keepdims=True)
        da_in = np.ones_like(self.a_in) * (self.W.T @ delta)
        db = delta.sum(axis=1, keepdims=True)
        self.W -= learning_rate * dW
        self.b -= learning_rate * db
        return da_in


class Perceptron:
    def __init__(self, sizes, rng):
        self.layers = [Neurons(m, n, rng) for m, n in zip(sizes[:-1], sizes[1:])]

    def forward(self, a):
        for layer in self.layers:
            a = layer.forward(a)
        return a

    def backward(self, da, learning_rate):
        for layer in self.layers[::-1]:
            da = layer.backward(da, learning_rate)
        return da


class NeuronsRepaired:
    """A row of sigmoid neurons; activations are columns, (units, batch)."""

    def __init__(self, n_in, n_out, rng):
        self.shape = (n_out, n_in)
        self.W = rng.normal(size=(n_out, n_in)) / np.sqrt(n_in)
        self.b = rng.normal(size=(n_out, 1)) * 0.1

    def forward(self, a):
        self.a_in = a
        z = self.W @ a + self.b
        self.a_out = 1.0 / (1.0 + np.exp(-z))
        return self.a_out

    def backward(self, da, learning_rate):
        delta = da * self.a_out * (1.0 - self.a_out)
        dW = delta @ self.a_in.T
        da_in = self.W.T @ delta
        db = delta.sum(axis=1, keepdims=True)
        self.W -= learning_rate * dW
        self.b -= learning_rate * db
        return da_in


class PerceptronRepaired:
    def __init__(self, sizes, rng):
        self.layers = [NeuronsRepaired(m, n, rng) for m, n in zip(sizes[:-1], sizes[1:])]

    def forward(self, a):
        for layer in self.layers:
            a = layer.forward(a)
        return a

    def backward(self, da, learning_rate):
        for layer in self.layers[::-1]:
            da = layer.backward(da, learning_rate)
        return da


def faulty():
    rng = np.random.default_rng(20)
    return {"subject": Perceptron([4, 5, 3], rng), "inputs": (rng.normal(size=(4, 2)),)}


def correct():
    rng = np.random.default_rng(20)
    return {"subject": PerceptronRepaired([4, 5, 3], rng), "inputs": (rng.normal(size=(4, 2)),)}
