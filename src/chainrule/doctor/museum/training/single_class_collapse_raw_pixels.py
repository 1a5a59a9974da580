"""Kaggle-like sigmoid MLP fed with pixels 0..255.

Symptom: Same prediction for every row of the table; the hidden layer is saturated.
Repair: Standardize the columns before training.
"""
import numpy as np

CODES = ('single-class-collapse',)
PLACES = ('W1', 'x', 'hidden', '')


def load(n, seed):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 4, n)
    pattern = np.random.default_rng(99).normal(size=(4, 12))
    raw = np.clip(200 + 5 * pattern[label] + 3 * rng.normal(size=(n, 12)), 0, 255).round()
    X = raw.astype(np.float64)  # FAULT
    return X, label


class SigmoidMLP:
    def __init__(self, n_in=12, n_hid=9, n_out=4):
        rng = np.random.default_rng(12)
        self.W1 = rng.normal(0, 1.0 / np.sqrt(n_in), (n_in, n_hid)) * 2
        self.b1 = np.zeros((1, n_hid))
        self.W2 = rng.normal(0, 1.0 / np.sqrt(n_hid), (n_hid, n_out))
        self.b2 = np.zeros((1, n_out))

    def forward(self, X):
        self.X = X
        self.H = 0.5 * (1 + np.tanh(0.5 * (X @ self.W1 + self.b1)))
        return self.H @ self.W2 + self.b2

    def train_on_batch(self, X, y, lr):
        Z = self.forward(X)
        P = np.exp(Z - Z.max(1, keepdims=True))
        P /= P.sum(1, keepdims=True)
        loss = -np.log(P[np.arange(len(y)), y] + 1e-12).mean()
        dZ = (P - np.eye(Z.shape[1])[y]) / len(y)
        dA = dZ @ self.W2.T * self.H * (1 - self.H)
        self.dW2, self.db2 = self.H.T @ dZ, dZ.sum(0, keepdims=True)
        self.dW1, self.db1 = self.X.T @ dA, dA.sum(0, keepdims=True)
        for n in ("W1", "b1", "W2", "b2"):
            getattr(self, n).__isub__(lr * getattr(self, "d" + n))
        return loss

    def step(self, x, target, learning_rate):
        return float(self.train_on_batch(x, target, learning_rate))


def load_repaired(n, seed):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 4, n)
    pattern = np.random.default_rng(99).normal(size=(4, 12))
    raw = np.clip(200 + 5 * pattern[label] + 3 * rng.normal(size=(n, 12)), 0, 255).round()
    X = (raw - 200.0) / 6.0
    return X, label


class SigmoidMLPRepaired:
    def __init__(self, n_in=12, n_hid=9, n_out=4):
        rng = np.random.default_rng(12)
        self.W1 = rng.normal(0, 1.0 / np.sqrt(n_in), (n_in, n_hid)) * 2
        self.b1 = np.zeros((1, n_hid))
        self.W2 = rng.normal(0, 1.0 / np.sqrt(n_hid), (n_hid, n_out))
        self.b2 = np.zeros((1, n_out))

    def forward(self, X):
        self.X = X
        self.H = 0.5 * (1 + np.tanh(0.5 * (X @ self.W1 + self.b1)))
        return self.H @ self.W2 + self.b2

    def train_on_batch(self, X, y, lr):
        Z = self.forward(X)
        P = np.exp(Z - Z.max(1, keepdims=True))
        P /= P.sum(1, keepdims=True)
        loss = -np.log(P[np.arange(len(y)), y] + 1e-12).mean()
        dZ = (P - np.eye(Z.shape[1])[y]) / len(y)
        dA = dZ @ self.W2.T * self.H * (1 - self.H)
        self.dW2, self.db2 = self.H.T @ dZ, dZ.sum(0, keepdims=True)
        self.dW1, self.db1 = self.X.T @ dA, dA.sum(0, keepdims=True)
        for n in ("W1", "b1", "W2", "b2"):
            getattr(self, n).__isub__(lr * getattr(self, "d" + n))
        return loss

    def step(self, x, target, learning_rate):
        return float(self.train_on_batch(x, target, learning_rate))


def faulty():
    X, y = load(160, 0)
    return {"training_check": True, "subject": SigmoidMLP(), "x": X, "target": y, "optimizer": None,
            "evaluation": load(80, 1), "learning_rate": 0.05, "batch_size": 16, "steps": 700}


def correct():
    X, y = load_repaired(160, 0)
    return {"training_check": True, "subject": SigmoidMLPRepaired(), "x": X, "target": y, "optimizer": None,
            "evaluation": load_repaired(80, 1), "learning_rate": 0.05, "batch_size": 16, "steps": 700}
