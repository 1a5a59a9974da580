"""An Elman network trained as if every step stood alone.

Symptom: it learns what the present input says and nothing about earlier ones.
Repair: carry the gradient of the hidden state to the step before.
"""
import numpy as np

CODES = ("hidden-gradient-dropped",)
PLACES = ("x", "Wxh", "Whh", "bh", "")


class RNN:
    """x (batch, time, features) -> hidden states (batch, time, hidden)"""

    def __init__(self, n_features, n_hidden, rng):
        self.Wxh = rng.normal(0, 0.6, size=(n_features, n_hidden))
        self.Whh = rng.normal(0, 0.6, size=(n_hidden, n_hidden))
        self.bh = np.zeros(n_hidden)

    def forward(self, x):
        batch, steps, _ = x.shape
        self.x = x
        self.h = np.zeros((batch, steps + 1, len(self.bh)))
        for t in range(steps):
            self.h[:, t + 1] = np.tanh(x[:, t] @ self.Wxh + self.h[:, t] @ self.Whh + self.bh)
        return self.h[:, 1:].copy()

    def backward(self, dh):
        self.dWxh = np.zeros_like(self.Wxh)
        self.dWhh = np.zeros_like(self.Whh)
        self.dbh = np.zeros_like(self.bh)
        dx = np.zeros_like(self.x)
        for t in reversed(range(self.x.shape[1])):
            dz = dh[:, t] * (1 - self.h[:, t + 1] ** 2)  # FAULT
            self.dWxh += self.x[:, t].T @ dz
            self.dWhh += self.h[:, t].T @ dz
            self.dbh += dz.sum(axis=0)
            dx[:, t] = dz @ self.Wxh.T
        return dx


def make_rnn(n_features=4, n_hidden=4):
    return RNN(n_features, n_hidden, np.random.default_rng(0))


class RNNRepaired:
    """x (batch, time, features) -> hidden states (batch, time, hidden)"""

    def __init__(self, n_features, n_hidden, rng):
        self.Wxh = rng.normal(0, 0.6, size=(n_features, n_hidden))
        self.Whh = rng.normal(0, 0.6, size=(n_hidden, n_hidden))
        self.bh = np.zeros(n_hidden)

    def forward(self, x):
        batch, steps, _ = x.shape
        self.x = x
        self.h = np.zeros((batch, steps + 1, len(self.bh)))
        for t in range(steps):
            self.h[:, t + 1] = np.tanh(x[:, t] @ self.Wxh + self.h[:, t] @ self.Whh + self.bh)
        return self.h[:, 1:].copy()

    def backward(self, dh):
        self.dWxh = np.zeros_like(self.Wxh)
        self.dWhh = np.zeros_like(self.Whh)
        self.dbh = np.zeros_like(self.bh)
        dx = np.zeros_like(self.x)
        dnext = np.zeros_like(dh[:, 0])
        for t in reversed(range(self.x.shape[1])):
            dz = (dh[:, t] + dnext) * (1 - self.h[:, t + 1] ** 2)
            self.dWxh += self.x[:, t].T @ dz
            self.dWhh += self.h[:, t].T @ dz
            self.dbh += dz.sum(axis=0)
            dx[:, t] = dz @ self.Wxh.T
            dnext = dz @ self.Whh.T
        return dx


def make_rnn_repaired(n_features=4, n_hidden=4):
    return RNNRepaired(n_features, n_hidden, np.random.default_rng(0))


def faulty():
    x = np.random.default_rng(1).normal(size=(1, 6, 4))
    return {"subject": make_rnn, "inputs": (x,)}


def correct():
    x = np.random.default_rng(1).normal(size=(1, 6, 4))
    return {"subject": make_rnn_repaired, "inputs": (x,)}
