"""A recurrent network, many to one, whose list of states begins with the initial one.

Symptom: it learns a little more slowly than it should, and nothing looks wrong.
Repair: the recurrent weight met the state that went into the step: hs[t], not hs[t + 1].
"""
import numpy as np

CODES = ("time-step-misaligned",)
PLACES = ("Wh", "dWh", "")


class ManyToOne:
    def __init__(self, n_in, n_hidden, rng):
        self.Wx = rng.normal(size=(n_in, n_hidden)) * 0.5
        self.Wh = rng.normal(size=(n_hidden, n_hidden)) * 0.5
        self.b = rng.normal(size=n_hidden) * 0.1

    def forward(self, x):
        """x (batch, time, n_in) -> last state (batch, n_hidden)"""
        self.x, self.hs = x, [np.zeros((len(x), len(self.b)))]
        for t in range(x.shape[1]):
            self.hs.append(np.tanh(x[:, t] @ self.Wx + self.hs[t] @ self.Wh + self.b))
        return self.hs[-1]

    def backward(self, dh):
        dx = np.zeros_like(self.x)
        self.dWx, self.dWh, self.db = np.zeros_like(self.Wx), np.zeros_like(self.Wh), np.zeros_like(self.b)
        for t in reversed(range(self.x.shape[1])):
            dz = dh * (1 - self.hs[t + 1] ** 2)
            self.dWx += self.x[:, t].T @ dz
            self.dWh += self.hs[t + 1].T @ dz  # FAULT
            self.db += dz.sum(axis=0)
            dx[:, t], dh = dz @ self.Wx.T, dz @ self.Wh.T
        return dx


class ManyToOneRepaired:
    def __init__(self, n_in, n_hidden, rng):
        self.Wx = rng.normal(size=(n_in, n_hidden)) * 0.5
        self.Wh = rng.normal(size=(n_hidden, n_hidden)) * 0.5
        self.b = rng.normal(size=n_hidden) * 0.1

    def forward(self, x):
        """x (batch, time, n_in) -> last state (batch, n_hidden)"""
        self.x, self.hs = x, [np.zeros((len(x), len(self.b)))]
        for t in range(x.shape[1]):
            self.hs.append(np.tanh(x[:, t] @ self.Wx + self.hs[t] @ self.Wh + self.b))
        return self.hs[-1]

    def backward(self, dh):
        dx = np.zeros_like(self.x)
        self.dWx, self.dWh, self.db = np.zeros_like(self.Wx), np.zeros_like(self.Wh), np.zeros_like(self.b)
        for t in reversed(range(self.x.shape[1])):
            dz = dh * (1 - self.hs[t + 1] ** 2)
            self.dWx += self.x[:, t].T @ dz
            self.dWh += self.hs[t].T @ dz
            self.db += dz.sum(axis=0)
            dx[:, t], dh = dz @ self.Wx.T, dz @ self.Wh.T
        return dx


def faulty():
    rng = np.random.default_rng(5)
    return {"subject": ManyToOne(3, 5, rng), "inputs": (rng.normal(size=(2, 4, 3)),)}


def correct():
    rng = np.random.default_rng(5)
    return {"subject": ManyToOneRepaired(3, 5, rng), "inputs": (rng.normal(size=(2, 4, 3)),)}
