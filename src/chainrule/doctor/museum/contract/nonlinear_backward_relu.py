"""A small classifier whose rectifier looks at the gradient instead of its input.

Symptom: training creeps; negative gradients never pass the hidden layer.
Repair: the mask is a property of the forward input.
"""
import numpy as np

CODES = ("nonlinear-backward",)
PLACES = ("layers.relu", "layers['relu']", "relu", "layers")


class Affine:
    def __init__(self, n_in, n_out, rng):
        self.params = {"W": rng.normal(size=(n_in, n_out)) / np.sqrt(n_in), "b": 0.1 * rng.normal(size=n_out)}
        self.grads = {}

    def forward(self, x):
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dout):
        self.grads["W"] = self.x.T @ dout
        self.grads["b"] = dout.sum(axis=0)
        return dout @ self.params["W"].T


class Relu:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, dout):
        return np.where(dout > 0, dout, 0)  # FAULT


class Classifier:
    def __init__(self, n_in, n_hidden, n_classes, rng):
        self.layers = {
            "affine1": Affine(n_in, n_hidden, rng),
            "relu": Relu(),
            "affine2": Affine(n_hidden, n_classes, rng),
        }

    def forward(self, x):
        for layer in self.layers.values():
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in reversed(list(self.layers.values())):
            dout = layer.backward(dout)
        return dout


class ReluRepaired:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, dout):
        return np.where(self.x > 0, dout, 0)


class ClassifierRepaired:
    def __init__(self, n_in, n_hidden, n_classes, rng):
        self.layers = {
            "affine1": Affine(n_in, n_hidden, rng),
            "relu": ReluRepaired(),
            "affine2": Affine(n_hidden, n_classes, rng),
        }

    def forward(self, x):
        for layer in self.layers.values():
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in reversed(list(self.layers.values())):
            dout = layer.backward(dout)
        return dout


def faulty():
    rng = np.random.default_rng(16)
    return {"subject": Classifier(5, 8, 3, rng), "inputs": (rng.normal(size=(4, 5)),)}


def correct():
    rng = np.random.default_rng(16)
    return {"subject": ClassifierRepaired(5, 8, 3, rng), "inputs": (rng.normal(size=(4, 5)),)}
