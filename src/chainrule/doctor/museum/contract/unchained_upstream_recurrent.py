"""Stacked recurrent layers in a dict, time first; backward is one comprehension over the layers.

Symptom: one layer works, three layers train hardly better than one.
Repair: feed what a layer returns to the one below it.
"""
import numpy as np

CODES = ("unchained-upstream",)
PLACES = ("layers", "layers.rnn2", "layers.rnn1", "layers['rnn2']", "layers['rnn1']", "")


class Recurrent:
    """x: (T, B, n) -> (T, B, n)"""

    def __init__(self, n, rng):
        self.Wxh = rng.normal(size=(n, n)) / np.sqrt(n)
        self.Whh = rng.normal(size=(n, n)) * 0.5 / np.sqrt(n)
        self.bh = rng.normal(size=n) * 0.1

    def forward(self, x):
        T, B, n = x.shape
        self.x = x
        self.h = np.zeros((T + 1, B, n))
        for t in range(T):
            self.h[t + 1] = np.tanh(x[t] @ self.Wxh + self.h[t] @ self.Whh + self.bh)
        return self.h[1:].copy()

    def backward(self, dh):
        self.dWxh = np.zeros_like(self.Wxh)
        self.dWhh = np.zeros_like(self.Whh)
        self.dbh = np.zeros_like(self.bh)
        dx = np.zeros_like(self.x)
        carry = np.zeros_like(dh[0])
        for t in range(len(dh) - 1, -1, -1):
            dz = (dh[t] + carry) * (1 - self.h[t + 1] ** 2)
            self.dWxh += self.x[t].T @ dz
            self.dWhh += self.h[t].T @ dz
            self.dbh += dz.sum(axis=0)
            dx[t] = dz @ self.Wxh.T
            carry = dz @ self.Whh.T
        return dx


class StackedRNN:
    def __init__(self, n, depth, rng):
        self.layers = {"rnn%d" % (i + 1): Recurrent(n, rng) for i in range(depth)}

    def forward(self, x):
        for layer in self.layers.values():
            x = layer.forward(x)
        return x

    def backward(self, dy):
        names = sorted(self.layers, reverse=True)
        gradients = {name: self.layers[name].backward(dy) for name in names}  # FAULT
        return gradients[names[-1]]


class StackedRNNRepaired:
    def __init__(self, n, depth, rng):
        self.layers = {"rnn%d" % (i + 1): Recurrent(n, rng) for i in range(depth)}

    def forward(self, x):
        for layer in self.layers.values():
            x = layer.forward(x)
        return x

    def backward(self, dy):
        names = sorted(self.layers, reverse=True)
        for name in names:
            dy = self.layers[name].backward(dy)
        return dy


def faulty():
    rng = np.random.default_rng(59)
    return {"subject": StackedRNN(4, 3, rng), "inputs": (rng.normal(size=(5, 2, 4)),)}


def correct():
    rng = np.random.default_rng(59)
    return {"subject": StackedRNNRepaired(4, 3, rng), "inputs": (rng.normal(size=(5, 2, 4)),)}
