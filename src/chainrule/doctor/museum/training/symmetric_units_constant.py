"""A hidden layer that starts with the same number everywhere.

Symptom: twelve hidden units compute what one could; the loss stops falling early.
Repair: random initial weights.
"""
import numpy as np

CODES = ("symmetric-units",)
PLACES = ("W1", "b1", "")


def moons(n, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    a = np.pi * rng.random(n)
    upper = np.stack([np.cos(a), np.sin(a)], axis=1)
    lower = np.stack([1 - np.cos(a), 0.4 - np.sin(a)], axis=1)
    return 2 * (np.where(y[:, None] == 0, upper, lower) - [0.5, 0.2]) + 0.1 * rng.normal(size=(n, 2)), y


class MoonNet:
    def __init__(self, n_hidden, rng):
        self.W1 = np.full((2, n_hidden), 0.5)  # FAULT
        self.b1 = np.zeros(n_hidden)
        self.W2 = np.full((n_hidden, 2), 0.5)  # FAULT
        self.b2 = np.zeros(2)

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.W1 + self.b1)
        return self.h @ self.W2 + self.b2

    def backward(self, dlogits):
        self.dW2 = self.h.T @ dlogits
        self.db2 = dlogits.sum(axis=0)
        dz = (dlogits @ self.W2.T) * (1 - self.h ** 2)
        self.dW1 = self.x.T @ dz
        self.db1 = dz.sum(axis=0)
        return dz @ self.W1.T

    def step(self, x, target, learning_rate):
        logits = self.forward(x)
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(x)), target]).mean()
        p[np.arange(len(x)), target] -= 1
        self.backward(p / len(x))
        for name in ("W1", "b1", "W2", "b2"):
            setattr(self, name, getattr(self, name) - learning_rate * getattr(self, "d" + name))
        return float(loss)


class MoonNetRepaired:
    def __init__(self, n_hidden, rng):
        self.W1 = rng.normal(0, 1.0, size=(2, n_hidden))
        self.b1 = np.zeros(n_hidden)
        self.W2 = rng.normal(0, 0.2, size=(n_hidden, 2))
        self.b2 = np.zeros(2)

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.W1 + self.b1)
        return self.h @ self.W2 + self.b2

    def backward(self, dlogits):
        self.dW2 = self.h.T @ dlogits
        self.db2 = dlogits.sum(axis=0)
        dz = (dlogits @ self.W2.T) * (1 - self.h ** 2)
        self.dW1 = self.x.T @ dz
        self.db1 = dz.sum(axis=0)
        return dz @ self.W1.T

    def step(self, x, target, learning_rate):
        logits = self.forward(x)
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(x)), target]).mean()
        p[np.arange(len(x)), target] -= 1
        self.backward(p / len(x))
        for name in ("W1", "b1", "W2", "b2"):
            setattr(self, name, getattr(self, name) - learning_rate * getattr(self, "d" + name))
        return float(loss)


def faulty():
    x, y = moons(200, seed=22)
    net = MoonNet(12, np.random.default_rng(23))
    return {"training_check": True, "subject": net, "x": x[:150], "target": y[:150],
            "evaluation": (x[150:], y[150:]), "learning_rate": 0.1, "batch_size": 50, "steps": 100}


def correct():
    x, y = moons(200, seed=22)
    net = MoonNetRepaired(12, np.random.default_rng(23))
    return {"training_check": True, "subject": net, "x": x[:150], "target": y[:150],
            "evaluation": (x[150:], y[150:]), "learning_rate": 0.1, "batch_size": 50, "steps": 100}
