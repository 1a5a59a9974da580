"""Inputs and labels that are each shuffled for themselves.

Symptom: the loss on the training set goes down slowly, held-out accuracy stays at chance.
Repair: one permutation for both.
"""
import numpy as np

CODES = ("labels-misaligned",)
PLACES = ("target", "x", "")


def load(n, seed):
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(4, 20))
    y = np.arange(n) % 4
    x = centers[y] + 0.8 * rng.normal(size=(n, 20))
    order = rng.permutation(n)
    x, y = x[order], y[order]
    train, test = slice(0, 3 * n // 4), slice(3 * n // 4, n)
    return x[train], y[train], x[test], y[test]


def shuffle(x, y, seed):
    rng = np.random.default_rng(seed)
    x, y = x.copy(), y.copy()
    rng.shuffle(x)
    rng.shuffle(y)  # FAULT
    return x, y


class MLP:
    def __init__(self, n_in, n_hidden, n_out, rng):
        self.w1 = rng.normal(size=(n_in, n_hidden)) / np.sqrt(n_in)
        self.b1 = np.zeros(n_hidden)
        self.w2 = rng.normal(size=(n_hidden, n_out)) / np.sqrt(n_hidden)
        self.b2 = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.w1 + self.b1)
        return self.h @ self.w2 + self.b2

    def backward(self, d):
        self.dw2, self.db2 = self.h.T @ d, d.sum(0)
        d = d @ self.w2.T * (1 - self.h ** 2)
        self.dw1, self.db1 = self.x.T @ d, d.sum(0)
        return d @ self.w1.T

    def step(self, x, y, learning_rate):
        z = self.forward(x)
        z = z - z.max(1, keepdims=True)
        p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        loss = -np.log(p[np.arange(len(y)), y]).mean()
        p[np.arange(len(y)), y] -= 1
        self.backward(p / len(y))
        self.w1 -= learning_rate * self.dw1
        self.b1 -= learning_rate * self.db1
        self.w2 -= learning_rate * self.dw2
        self.b2 -= learning_rate * self.db2
        return float(loss)


def load_repaired(n, seed):
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(4, 20))
    y = np.arange(n) % 4
    x = centers[y] + 0.8 * rng.normal(size=(n, 20))
    order = rng.permutation(n)
    x, y = x[order], y[order]
    train, test = slice(0, 3 * n // 4), slice(3 * n // 4, n)
    return x[train], y[train], x[test], y[test]


def shuffle_repaired(x, y, seed):
    rng = np.random.default_rng(seed)
    x, y = x.copy(), y.copy()
    order = np.arange(len(x))
    rng.shuffle(order)
    return x[order], y[order]


class MLP_REPAIRED:
    def __init__(self, n_in, n_hidden, n_out, rng):
        self.w1 = rng.normal(size=(n_in, n_hidden)) / np.sqrt(n_in)
        self.b1 = np.zeros(n_hidden)
        self.w2 = rng.normal(size=(n_hidden, n_out)) / np.sqrt(n_hidden)
        self.b2 = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.w1 + self.b1)
        return self.h @ self.w2 + self.b2

    def backward(self, d):
        self.dw2, self.db2 = self.h.T @ d, d.sum(0)
        d = d @ self.w2.T * (1 - self.h ** 2)
        self.dw1, self.db1 = self.x.T @ d, d.sum(0)
        return d @ self.w1.T

    def step(self, x, y, learning_rate):
        z = self.forward(x)
        z = z - z.max(1, keepdims=True)
        p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        loss = -np.log(p[np.arange(len(y)), y]).mean()
        p[np.arange(len(y)), y] -= 1
        self.backward(p / len(y))
        self.w1 -= learning_rate * self.dw1
        self.b1 -= learning_rate * self.db1
        self.w2 -= learning_rate * self.dw2
        self.b2 -= learning_rate * self.db2
        return float(loss)


def faulty():
    x, y, x_test, y_test = load(320, seed=68)
    x, y = shuffle(x, y, seed=61)
    return {"training_check": True, "subject": MLP(20, 24, 4, np.random.default_rng(70)), "x": x, "target": y,
            "evaluation": (x_test, y_test), "learning_rate": 0.1, "batch_size": 30, "steps": 80}


def correct():
    x, y, x_test, y_test = load_repaired(320, seed=68)
    x, y = shuffle_repaired(x, y, seed=61)
    return {"training_check": True, "subject": MLP_REPAIRED(20, 24, 4, np.random.default_rng(70)),
            "x": x, "target": y,
            "evaluation": (x_test, y_test), "learning_rate": 0.1, "batch_size": 30, "steps": 80}
