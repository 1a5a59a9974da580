"""A dense layer with samples in columns that updates itself.

Symptom: all biases of a layer move by the same amount.
Repair: np.sum needs axis=1, keepdims=True; without, NumPy broadcasts one number.
"""
import numpy as np

CODES = ("bias-axes-wrong",)
PLACES = ("b",)


class DenseColumns:
    def __init__(self, n_in, n_out, rng):
        self.W = rng.normal(size=(n_out, n_in)) * np.sqrt(1.0 / n_in)
        self.b = rng.normal(size=(n_out, 1)) * 0.1

    def forward(self, A_prev):
        self.A_prev = A_prev
        self.A = np.tanh(np.dot(self.W, A_prev) + self.b)
        return self.A

    def backward(self, dA, learning_rate):
        dZ = dA * (1 - np.square(self.A))
        dW = np.dot(dZ, self.A_prev.T)
        db = np.sum(dZ)  # FAULT
        dA_prev = np.dot(self.W.T, dZ)
        self.W -= learning_rate * dW
        self.b -= learning_rate * db
        return dA_prev


class DenseColumnsRepaired:
    def __init__(self, n_in, n_out, rng):
        self.W = rng.normal(size=(n_out, n_in)) * np.sqrt(1.0 / n_in)
        self.b = rng.normal(size=(n_out, 1)) * 0.1

    def forward(self, A_prev):
        self.A_prev = A_prev
        self.A = np.tanh(np.dot(self.W, A_prev) + self.b)
        return self.A

    def backward(self, dA, learning_rate):
        dZ = dA * (1 - np.square(self.A))
        dW = np.dot(dZ, self.A_prev.T)
        db = np.sum(dZ, axis=1, keepdims=True)
        dA_prev = np.dot(self.W.T, dZ)
        self.W -= learning_rate * dW
        self.b -= learning_rate * db
        return dA_prev


def faulty():
    rng = np.random.default_rng(24)
    return {"subject": DenseColumns(4, 3, rng), "inputs": (rng.normal(size=(4, 5)),)}


def correct():
    rng = np.random.default_rng(24)
    return {"subject": DenseColumnsRepaired(4, 3, rng), "inputs": (rng.normal(size=(4, 5)),)}
