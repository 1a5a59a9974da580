"""Inverted dropout between two dense layers; the mask is made where it is needed, that is, twice.

Symptom: training with dropout is much noisier than it should be, and fails the gradient check at
random.
Repair: draw the mask in forward, keep it, and use it again in backward.
"""
import numpy as np

CODES = ("mask-redrawn",)
PLACES = ("dropout",)


class Layer:
    def __init__(self, n_in, n_out, rng):
        self.W = rng.normal(size=(n_in, n_out)) / np.sqrt(n_in)
        self.b = rng.normal(size=n_out) * 0.1

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.dW, self.db = self.x.T @ dy, dy.sum(axis=0)
        return dy @ self.W.T


class Dropout:
    def __init__(self, rate, rng):
        self.rate = rate
        self.rng = rng
        self.training = True

    def draw(self, shape):
        return (self.rng.random(shape) >= self.rate) / (1 - self.rate)

    def forward(self, x):
        if not self.training:
            return x
        return x * self.draw(x.shape)  # FAULT

    def backward(self, dy):
        if not self.training:
            return dy
        return dy * self.draw(dy.shape)  # FAULT


class Net:
    def __init__(self, n_in, n_hidden, n_out, rng):
        self.first = Layer(n_in, n_hidden, rng)
        self.dropout = Dropout(0.4, rng)
        self.second = Layer(n_hidden, n_out, rng)

    def forward(self, x):
        self.h = np.tanh(self.first.forward(x))
        return self.second.forward(self.dropout.forward(self.h))

    def backward(self, dy):
        dh = self.dropout.backward(self.second.backward(dy))
        return self.first.backward(dh * (1 - self.h ** 2))


class DropoutRepaired:
    def __init__(self, rate, rng):
        self.rate = rate
        self.rng = rng
        self.training = True

    def draw(self, shape):
        return (self.rng.random(shape) >= self.rate) / (1 - self.rate)

    def forward(self, x):
        if not self.training:
            return x
        self.mask = self.draw(x.shape)
        return x * self.mask

    def backward(self, dy):
        if not self.training:
            return dy
        return dy * self.mask


class NetRepaired:
    def __init__(self, n_in, n_hidden, n_out, rng):
        self.first = Layer(n_in, n_hidden, rng)
        self.dropout = DropoutRepaired(0.4, rng)
        self.second = Layer(n_hidden, n_out, rng)

    def forward(self, x):
        self.h = np.tanh(self.first.forward(x))
        return self.second.forward(self.dropout.forward(self.h))

    def backward(self, dy):
        dh = self.dropout.backward(self.second.backward(dy))
        return self.first.backward(dh * (1 - self.h ** 2))


def faulty():
    rng = np.random.default_rng(54)
    return {"subject": Net(4, 9, 3, rng), "inputs": (rng.normal(size=(5, 4)),)}


def correct():
    rng = np.random.default_rng(54)
    return {"subject": NetRepaired(4, 9, 3, rng), "inputs": (rng.normal(size=(5, 4)),)}
