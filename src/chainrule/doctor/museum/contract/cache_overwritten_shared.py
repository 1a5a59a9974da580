"""A network that uses one activation object in both hidden layers.

Symptom: the first hidden layer's gradients are a little wrong.
Repair: one activation object for each layer.
"""
import numpy as np

CODES = ("cache-overwritten",)
PLACES = ("act", "tanh", "W1", "x", "")


class Tanh:
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out

    def backward(self, d):
        return d * (1 - self.out ** 2)


class Linear:
    def __init__(self, n, m, rng):
        self.weight = rng.normal(size=(n, m)) / np.sqrt(n)

    def forward(self, x):
        self.inp = x
        return x @ self.weight

    def backward(self, d):
        self.weight_grad = self.inp.T @ d
        return d @ self.weight.T


class Net:
    def __init__(self, rng):
        act = Tanh()
        second = act  # FAULT
        self.layers = [Linear(4, 6, rng), act, Linear(6, 6, rng), second,
                       Linear(6, 3, rng)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, d):
        for layer in reversed(self.layers):
            d = layer.backward(d)
        return d


class TanhRepaired:
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out

    def backward(self, d):
        return d * (1 - self.out ** 2)


class LinearRepaired:
    def __init__(self, n, m, rng):
        self.weight = rng.normal(size=(n, m)) / np.sqrt(n)

    def forward(self, x):
        self.inp = x
        return x @ self.weight

    def backward(self, d):
        self.weight_grad = self.inp.T @ d
        return d @ self.weight.T


class NetRepaired:
    def __init__(self, rng):
        act = TanhRepaired()
        second = TanhRepaired()
        self.layers = [LinearRepaired(4, 6, rng), act, LinearRepaired(6, 6, rng), second,
                       LinearRepaired(6, 3, rng)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, d):
        for layer in reversed(self.layers):
            d = layer.backward(d)
        return d


def faulty():
    rng = np.random.default_rng(12)
    return {"subject": Net(rng), "inputs": (rng.normal(size=(5, 4)),)}


def correct():
    rng = np.random.default_rng(12)
    return {"subject": NetRepaired(rng), "inputs": (rng.normal(size=(5, 4)),)}
