"""A small two-layer perceptron that somebody only ever tried with square layers.

Symptom: as soon as a layer is not square, backward stops with a matmul shape mismatch.
Repair: dx = dy @ W.T.
"""
import numpy as np

CODES = ("backward-raises", "transpose-missing")
PLACES = ("x", "dx", "first", "second", "")


class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dy):
        return dy * (1 - self.y * self.y)


class Linear:
    def __init__(self, n_in, n_out, rng):
        self.W = rng.normal(0, n_in ** -0.5, (n_in, n_out))
        self.b = rng.normal(0, 0.1, n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.W_grad = self.x.T @ dy
        self.b_grad = dy.sum(axis=0)
        return dy @ self.W  # FAULT


class Perceptron:
    def __init__(self, n_in, n_hidden, n_out, rng):
        self.first = Linear(n_in, n_hidden, rng)
        self.activation = Tanh()
        self.second = Linear(n_hidden, n_out, rng)

    def forward(self, x):
        return self.second.forward(self.activation.forward(self.first.forward(x)))

    def backward(self, dy):
        return self.first.backward(self.activation.backward(self.second.backward(dy)))


def make_perceptron(n_in=4, n_hidden=4, n_out=4):
    return Perceptron(n_in, n_hidden, n_out, np.random.default_rng(0))


class LinearRepaired:
    def __init__(self, n_in, n_out, rng):
        self.W = rng.normal(0, n_in ** -0.5, (n_in, n_out))
        self.b = rng.normal(0, 0.1, n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.W_grad = self.x.T @ dy
        self.b_grad = dy.sum(axis=0)
        return dy @ self.W.T


class PerceptronRepaired:
    def __init__(self, n_in, n_hidden, n_out, rng):
        self.first = LinearRepaired(n_in, n_hidden, rng)
        self.activation = Tanh()
        self.second = LinearRepaired(n_hidden, n_out, rng)

    def forward(self, x):
        return self.second.forward(self.activation.forward(self.first.forward(x)))

    def backward(self, dy):
        return self.first.backward(self.activation.backward(self.second.backward(dy)))


def make_perceptron_repaired(n_in=4, n_hidden=4, n_out=4):
    return PerceptronRepaired(n_in, n_hidden, n_out, np.random.default_rng(0))


def faulty():
    return {"subject": make_perceptron, "inputs": (np.random.default_rng(1).normal(size=(4, 4)),)}


def correct():
    return {"subject": make_perceptron_repaired, "inputs": (np.random.default_rng(1).normal(size=(4, 4)),)}
