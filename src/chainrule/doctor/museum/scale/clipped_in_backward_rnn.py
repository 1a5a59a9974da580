"""A recurrent layer that clips its gradients before it returns.

Symptom: fine while gradients are small; early in training all large entries are equal.
Repair: clip in the optimizer, on the finished gradients of the whole model.
"""
import numpy as np

CODES = ("clipped-in-backward",)
PLACES = ("Wx", "Wh", "b", "")


class Recurrent:
    def __init__(self, n_in, n_hidden, rng):
        self.Wx = rng.normal(size=(n_in, n_hidden)) / np.sqrt(n_in)
        self.Wh = rng.normal(size=(n_hidden, n_hidden)) / np.sqrt(n_hidden)
        self.b = np.zeros(n_hidden) + rng.normal(size=n_hidden) * 0.1

    def forward(self, x):
        """x (time, batch, n_in) -> last state (batch, n_hidden)."""
        self.x = x
        h = np.zeros((x.shape[1], self.Wh.shape[0]))
        self.h = [h]
        for x_t in x:
            h = np.tanh(x_t @ self.Wx + h @ self.Wh + self.b)
            self.h.append(h)
        return h

    def backward(self, dh):
        self.dWx, self.dWh = np.zeros_like(self.Wx), np.zeros_like(self.Wh)
        self.db = np.zeros_like(self.b)
        dx = np.zeros_like(self.x)
        for t in reversed(range(len(self.x))):
            da = dh * (1.0 - self.h[t + 1] ** 2)
            self.dWx += self.x[t].T @ da
            self.dWh += self.h[t].T @ da
            self.db += da.sum(axis=0)
            dx[t] = da @ self.Wx.T
            dh = da @ self.Wh.T
        for grad in (self.dWx, self.dWh, self.db):
            np.clip(grad, -0.5, 0.5, out=grad)  # FAULT
        return dx


class RecurrentRepaired:
    def __init__(self, n_in, n_hidden, rng):
        self.Wx = rng.normal(size=(n_in, n_hidden)) / np.sqrt(n_in)
        self.Wh = rng.normal(size=(n_hidden, n_hidden)) / np.sqrt(n_hidden)
        self.b = np.zeros(n_hidden) + rng.normal(size=n_hidden) * 0.1

    def forward(self, x):
        """x (time, batch, n_in) -> last state (batch, n_hidden)."""
        self.x = x
        h = np.zeros((x.shape[1], self.Wh.shape[0]))
        self.h = [h]
        for x_t in x:
            h = np.tanh(x_t @ self.Wx + h @ self.Wh + self.b)
            self.h.append(h)
        return h

    def backward(self, dh):
        self.dWx, self.dWh = np.zeros_like(self.Wx), np.zeros_like(self.Wh)
        self.db = np.zeros_like(self.b)
        dx = np.zeros_like(self.x)
        for t in reversed(range(len(self.x))):
            da = dh * (1.0 - self.h[t + 1] ** 2)
            self.dWx += self.x[t].T @ da
            self.dWh += self.h[t].T @ da
            self.db += da.sum(axis=0)
            dx[t] = da @ self.Wx.T
            dh = da @ self.Wh.T
        return dx


def faulty():
    rng = np.random.default_rng(33)
    return {"subject": Recurrent(3, 4, rng), "inputs": (rng.normal(size=(5, 2, 3)),)}


def correct():
    rng = np.random.default_rng(33)
    return {"subject": RecurrentRepaired(3, 4, rng), "inputs": (rng.normal(size=(5, 2, 3)),)}
