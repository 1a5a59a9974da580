"""A two-layer classifier with samples in columns, as in a well-known online course.

Symptom: the network barely moves; ten times the usual learning rate is needed, more for larger batches.
Repair: divide by m once. Here dZ2 is divided already.
"""
import numpy as np

CODES = ("mean-sum-mismatch",)
PLACES = ("W1", "b1", "W2", "b2", "")


def softmax(Z):
    E = np.exp(Z - Z.max(axis=0, keepdims=True))
    return E / E.sum(axis=0, keepdims=True)


class TwoLayerClassifier:
    def __init__(self, n_x, n_h, n_y, seed=2):
        rng = np.random.default_rng(seed)
        self.W1 = rng.normal(size=(n_h, n_x)) * np.sqrt(2.0 / n_x)
        self.b1 = rng.normal(size=(n_h, 1)) * 0.1
        self.W2 = rng.normal(size=(n_y, n_h)) * np.sqrt(1.0 / n_h)
        self.b2 = rng.normal(size=(n_y, 1)) * 0.1

    def step(self, X, Y, learning_rate):
        """X: (n_x, m), Y: one-hot columns (n_y, m)."""
        m = X.shape[1]
        # forward propagation
        Z1 = self.W1 @ X + self.b1
        A1 = np.tanh(Z1)
        Z2 = self.W2 @ A1 + self.b2
        A2 = softmax(Z2)
        cost = -np.sum(Y * np.log(A2)) / m
        # backward propagation
        dZ2 = (A2 - Y) / m
        dW2 = dZ2 @ A1.T / m  # FAULT
        db2 = np.sum(dZ2, axis=1, keepdims=True) / m  # FAULT
        dZ1 = (self.W2.T @ dZ2) * (1 - A1 ** 2)
        dW1 = dZ1 @ X.T / m  # FAULT
        db1 = np.sum(dZ1, axis=1, keepdims=True) / m  # FAULT
        # gradient descent
        self.W1 -= learning_rate * dW1
        self.b1 -= learning_rate * db1
        self.W2 -= learning_rate * dW2
        self.b2 -= learning_rate * db2
        return cost


class TwoLayerClassifierRepaired:
    def __init__(self, n_x, n_h, n_y, seed=2):
        rng = np.random.default_rng(seed)
        self.W1 = rng.normal(size=(n_h, n_x)) * np.sqrt(2.0 / n_x)
        self.b1 = rng.normal(size=(n_h, 1)) * 0.1
        self.W2 = rng.normal(size=(n_y, n_h)) * np.sqrt(1.0 / n_h)
        self.b2 = rng.normal(size=(n_y, 1)) * 0.1

    def step(self, X, Y, learning_rate):
        """X: (n_x, m), Y: one-hot columns (n_y, m)."""
        m = X.shape[1]
        # forward propagation
        Z1 = self.W1 @ X + self.b1
        A1 = np.tanh(Z1)
        Z2 = self.W2 @ A1 + self.b2
        A2 = softmax(Z2)
        cost = -np.sum(Y * np.log(A2)) / m
        # backward propagation
        dZ2 = (A2 - Y) / m
        dW2 = dZ2 @ A1.T
        db2 = np.sum(dZ2, axis=1, keepdims=True)
        dZ1 = (self.W2.T @ dZ2) * (1 - A1 ** 2)
        dW1 = dZ1 @ X.T
        db1 = np.sum(dZ1, axis=1, keepdims=True)
        # gradient descent
        self.W1 -= learning_rate * dW1
        self.b1 -= learning_rate * db1
        self.W2 -= learning_rate * dW2
        self.b2 -= learning_rate * db2
        return cost


def faulty():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(4, 7))
    Y = np.eye(3)[:, rng.integers(0, 3, size=7)]
    return {"subject": TwoLayerClassifier(4, 5, 3), "inputs": (X,), "target": Y}


def correct():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(4, 7))
    Y = np.eye(3)[:, rng.integers(0, 3, size=7)]
    return {"subject": TwoLayerClassifierRepaired(4, 5, 3), "inputs": (X,), "target": Y}
