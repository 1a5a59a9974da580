"""A recurrent layer that goes on from the last batch's final state.

Symptom: the same sentence gives another answer the second time.
Repair: start from zeros.
"""
import numpy as np

CODES = ("state-carried-over",)
PLACES = ("", "x", "h", "rnn")


class SimpleRNN:
    def __init__(self, n_in, n_hidden, rng):
        self.Wx = rng.normal(size=(n_in, n_hidden)) * 0.5
        self.Wh = rng.normal(size=(n_hidden, n_hidden)) * 0.5
        self.h = None

    def forward(self, x):
        if self.h is None:  # FAULT
            self.h = np.zeros((x.shape[0], self.Wh.shape[0]))  # FAULT
        self.x, self.hist = x, [self.h]
        for t in range(x.shape[1]):
            self.h = np.tanh(x[:, t] @ self.Wx + self.h @ self.Wh)
            self.hist.append(self.h)
        return self.h

    def backward(self, dh):
        self.gWx, self.gWh = np.zeros_like(self.Wx), np.zeros_like(self.Wh)
        dx = np.empty_like(self.x)
        for t in reversed(range(self.x.shape[1])):
            dz = dh * (1 - self.hist[t + 1] ** 2)
            self.gWx += self.x[:, t].T @ dz
            self.gWh += self.hist[t].T @ dz
            dx[:, t] = dz @ self.Wx.T
            dh = dz @ self.Wh.T
        return dx


class SimpleRNNRepaired:
    def __init__(self, n_in, n_hidden, rng):
        self.Wx = rng.normal(size=(n_in, n_hidden)) * 0.5
        self.Wh = rng.normal(size=(n_hidden, n_hidden)) * 0.5
        self.h = None

    def forward(self, x):
        self.h = np.zeros((x.shape[0], self.Wh.shape[0]))
        self.x, self.hist = x, [self.h]
        for t in range(x.shape[1]):
            self.h = np.tanh(x[:, t] @ self.Wx + self.h @ self.Wh)
            self.hist.append(self.h)
        return self.h

    def backward(self, dh):
        self.gWx, self.gWh = np.zeros_like(self.Wx), np.zeros_like(self.Wh)
        dx = np.empty_like(self.x)
        for t in reversed(range(self.x.shape[1])):
            dz = dh * (1 - self.hist[t + 1] ** 2)
            self.gWx += self.x[:, t].T @ dz
            self.gWh += self.hist[t].T @ dz
            dx[:, t] = dz @ self.Wx.T
            dh = dz @ self.Wh.T
        return dx


def faulty():
    rng = np.random.default_rng(63)
    return {"subject": SimpleRNN(3, 5, rng), "inputs": (rng.normal(size=(2, 4, 3)),)}


def correct():
    rng = np.random.default_rng(63)
    return {"subject": SimpleRNNRepaired(3, 5, rng), "inputs": (rng.normal(size=(2, 4, 3)),)}
