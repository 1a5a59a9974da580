"""A network for gray values whose hidden weights are drawn on one side of zero only.

Symptom: hidden activations are all zero, only the output bias learns.
Repair: draw between -limit and +limit.
"""
import numpy as np

CODES = ("dead-units", "single-class-collapse")
PLACES = ("W1", "W2", "h1", "h2", "")


class GrayNet:
    def __init__(self, n_pixels, n_hidden, n_classes, seed):
        rng = np.random.default_rng(seed)
        limit = np.sqrt(6.0 / n_pixels)
        self.W1 = rng.uniform(-limit, 0.15 * limit, size=(n_pixels, n_hidden))  # FAULT
        self.b1 = np.zeros(n_hidden)
        limit = np.sqrt(6.0 / (n_hidden + n_classes))
        self.W2 = rng.uniform(-limit, limit, size=(n_hidden, n_classes))
        self.b2 = np.zeros(n_classes)

    def forward(self, x):
        self.x = x
        self.h1 = np.maximum(0.0, x @ self.W1 + self.b1)
        return self.h1 @ self.W2 + self.b2

    def backward(self, dout):
        self.dW2, self.db2 = self.h1.T @ dout, dout.sum(axis=0)
        dh = dout @ self.W2.T
        dh[self.h1 <= 0] = 0.0
        self.dW1, self.db1 = self.x.T @ dh, dh.sum(axis=0)
        return dh @ self.W1.T

    def fit_batch(self, x, y, lr=0.1):
        logits = self.forward(x)
        probs = np.exp(logits - logits.max(axis=1, keepdims=True))
        probs /= probs.sum(axis=1, keepdims=True)
        rows = np.arange(len(y))
        loss = -np.mean(np.log(probs[rows, y]))
        probs[rows, y] -= 1.0
        self.backward(probs / len(y))
        for w, dw in ((self.W1, self.dW1), (self.b1, self.db1), (self.W2, self.dW2), (self.b2, self.db2)):
            w -= lr * dw
        return float(loss)


class GrayNetRepaired:
    def __init__(self, n_pixels, n_hidden, n_classes, seed):
        rng = np.random.default_rng(seed)
        limit = np.sqrt(6.0 / n_pixels)
        self.W1 = rng.uniform(-limit, limit, size=(n_pixels, n_hidden))
        self.b1 = np.zeros(n_hidden)
        limit = np.sqrt(6.0 / (n_hidden + n_classes))
        self.W2 = rng.uniform(-limit, limit, size=(n_hidden, n_classes))
        self.b2 = np.zeros(n_classes)

    def forward(self, x):
        self.x = x
        self.h1 = np.maximum(0.0, x @ self.W1 + self.b1)
        return self.h1 @ self.W2 + self.b2

    def backward(self, dout):
        self.dW2, self.db2 = self.h1.T @ dout, dout.sum(axis=0)
        dh = dout @ self.W2.T
        dh[self.h1 <= 0] = 0.0
        self.dW1, self.db1 = self.x.T @ dh, dh.sum(axis=0)
        return dh @ self.W1.T

    def fit_batch(self, x, y, lr=0.1):
        logits = self.forward(x)
        probs = np.exp(logits - logits.max(axis=1, keepdims=True))
        probs /= probs.sum(axis=1, keepdims=True)
        rows = np.arange(len(y))
        loss = -np.mean(np.log(probs[rows, y]))
        probs[rows, y] -= 1.0
        self.backward(probs / len(y))
        for w, dw in ((self.W1, self.dW1), (self.b1, self.db1), (self.W2, self.dW2), (self.b2, self.db2)):
            w -= lr * dw
        return float(loss)


def gray(n, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(4, size=n)
    pictures = rng.random((n, 6, 6))
    for i, k in enumerate(y):
        pictures[i, 3 * (k // 2):3 * (k // 2) + 3, 3 * (k % 2):3 * (k % 2) + 3] *= 0.2
    return pictures.reshape(n, 36), y


def faulty():
    x, y = gray(200, seed=49)
    return {"training_check": True, "subject": GrayNet(36, 24, 4, seed=50), "x": x[:150], "target": y[:150],
            "evaluation": (x[150:], y[150:]), "learning_rate": 0.1, "batch_size": 30, "steps": 100}


def correct():
    x, y = gray(200, seed=49)
    return {"training_check": True, "subject": GrayNetRepaired(36, 24, 4, seed=50), "x": x[:150],
            "target": y[:150],
            "evaluation": (x[150:], y[150:]), "learning_rate": 0.1, "batch_size": 30, "steps": 100}
