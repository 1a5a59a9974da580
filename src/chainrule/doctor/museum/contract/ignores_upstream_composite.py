"""A many-to-one recurrent encoder that starts backpropagation through time with a vector of ones.

Symptom: the loss hardly moves; the recurrent gradients are the same for every batch of targets.
Repair: start with the gradient of the last hidden state that the caller hands in.
"""
import numpy as np

CODES = ("ignores-upstream",)
PLACES = ("", "x", "Wx", "Wh", "bh", "params.Wx", "params.Wh", "params['Wx']", "params['Wh']")


class SequenceEncoder:
    """Runs over x of shape (T, B, F) and returns the last hidden state (B, H)."""

    def __init__(self, features, hidden, seed=0):
        rng = np.random.default_rng(seed)
        self.params = {
            "Wx": rng.normal(size=(features, hidden)) / np.sqrt(features),
            "Wh": 0.6 * rng.normal(size=(hidden, hidden)) / np.sqrt(hidden),
            "bh": 0.1 * rng.normal(size=hidden),
        }
        self.grads = {}

    def forward(self, x):
        p = self.params
        self.x = x
        self.h = [np.zeros((x.shape[1], p["bh"].size))]
        for x_t in x:
            self.h.append(np.tanh(x_t @ p["Wx"] + self.h[-1] @ p["Wh"] + p["bh"]))
        return self.h[-1]

    def backward(self, dh_last):
        p = self.params
        grads = {name: np.zeros_like(value) for name, value in p.items()}
        dx = np.zeros_like(self.x)
        dh = np.ones_like(dh_last)  # FAULT
        for t in range(len(self.x) - 1, -1, -1):
            dz = dh * (1 - self.h[t + 1] ** 2)
            grads["Wx"] += self.x[t].T @ dz
            grads["Wh"] += self.h[t].T @ dz
            grads["bh"] += dz.sum(0)
            dx[t] = dz @ p["Wx"].T
            dh = dz @ p["Wh"].T
        self.grads = grads
        return dx


class SequenceEncoderRepaired:
    """Runs over x of shape (T, B, F) and returns the last hidden state (B, H)."""

    def __init__(self, features, hidden, seed=0):
        rng = np.random.default_rng(seed)
        self.params = {
            "Wx": rng.normal(size=(features, hidden)) / np.sqrt(features),
            "Wh": 0.6 * rng.normal(size=(hidden, hidden)) / np.sqrt(hidden),
            "bh": 0.1 * rng.normal(size=hidden),
        }
        self.grads = {}

    def forward(self, x):
        p = self.params
        self.x = x
        self.h = [np.zeros((x.shape[1], p["bh"].size))]
        for x_t in x:
            self.h.append(np.tanh(x_t @ p["Wx"] + self.h[-1] @ p["Wh"] + p["bh"]))
        return self.h[-1]

    def backward(self, dh_last):
        p = self.params
        grads = {name: np.zeros_like(value) for name, value in p.items()}
        dx = np.zeros_like(self.x)
        dh = dh_last
        for t in range(len(self.x) - 1, -1, -1):
            dz = dh * (1 - self.h[t + 1] ** 2)
            grads["Wx"] += self.x[t].T @ dz
            grads["Wh"] += self.h[t].T @ dz
            grads["bh"] += dz.sum(0)
            dx[t] = dz @ p["Wx"].T
            dh = dz @ p["Wh"].T
        self.grads = grads
        return dx


def faulty():
    x = np.random.default_rng(33).normal(size=(4, 2, 3))
    return {"subject": SequenceEncoder(3, 5), "inputs": (x,)}


def correct():
    x = np.random.default_rng(33).normal(size=(4, 2, 3))
    return {"subject": SequenceEncoderRepaired(3, 5), "inputs": (x,)}
