"""Churn prediction, network with a sigmoid output and its own training step.

Symptom: all customers get the same probability, the churn rate; the loss never drops below its entropy.
Repair: make the labels a column, like the predictions.
"""
import numpy as np

CODES = ("broadcast-collapsed",)
PLACES = ("loss", "step", "")


class ChurnModel:
    def __init__(self, nFeatures=6, nHidden=4, seed=0):
        rng = np.random.default_rng(seed)
        self.W1 = rng.normal(0, 0.5, (nFeatures, nHidden))
        self.b1 = rng.normal(0, 0.1, nHidden)
        self.W2 = rng.normal(0, 0.5, (nHidden, 1))
        self.b2 = rng.normal(0, 0.1, 1)

    def predict(self, x):
        self.h = np.tanh(x @ self.W1 + self.b1)
        return 1 / (1 + np.exp(-(self.h @ self.W2 + self.b2)))

    def step(self, x, target, learning_rate):
        p = self.predict(x)
        y = target        # FAULT
        loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
        dz2 = np.mean(p - y, axis=1, keepdims=True) / len(x)
        dW2, db2 = self.h.T @ dz2, dz2.sum(axis=0)
        dz1 = (dz2 @ self.W2.T) * (1 - self.h ** 2)
        dW1, db1 = x.T @ dz1, dz1.sum(axis=0)
        self.W1 -= learning_rate * dW1
        self.b1 -= learning_rate * db1
        self.W2 -= learning_rate * dW2
        self.b2 -= learning_rate * db2
        return loss


class ChurnModelRepaired:
    def __init__(self, nFeatures=6, nHidden=4, seed=0):
        rng = np.random.default_rng(seed)
        self.W1 = rng.normal(0, 0.5, (nFeatures, nHidden))
        self.b1 = rng.normal(0, 0.1, nHidden)
        self.W2 = rng.normal(0, 0.5, (nHidden, 1))
        self.b2 = rng.normal(0, 0.1, 1)

    def predict(self, x):
        self.h = np.tanh(x @ self.W1 + self.b1)
        return 1 / (1 + np.exp(-(self.h @ self.W2 + self.b2)))

    def step(self, x, target, learning_rate):
        p = self.predict(x)
        y = target.reshape(-1, 1)
        loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
        dz2 = np.mean(p - y, axis=1, keepdims=True) / len(x)
        dW2, db2 = self.h.T @ dz2, dz2.sum(axis=0)
        dz1 = (dz2 @ self.W2.T) * (1 - self.h ** 2)
        dW1, db1 = x.T @ dz1, dz1.sum(axis=0)
        self.W1 -= learning_rate * dW1
        self.b1 -= learning_rate * db1
        self.W2 -= learning_rate * dW2
        self.b2 -= learning_rate * db2
        return loss


def _data():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(5, 6))
    return x, (x[:, 0] + x[:, 2] > 0).astype(float)


def faulty():
    x, y = _data()
    return {"subject": ChurnModel(), "inputs": (x,), "target": y}


def correct():
    x, y = _data()
    return {"subject": ChurnModelRepaired(), "inputs": (x,), "target": y}
