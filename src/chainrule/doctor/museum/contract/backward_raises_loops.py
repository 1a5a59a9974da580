"""A fully connected layer written with explicit loops, for a course.

Symptom: works as long as there are no more inputs than outputs, then backward stops with an
IndexError.
Repair: the bias gradient has one entry per output, so it belongs into the loop over outputs with
index j.
"""
import numpy as np

CODES = ("backward-raises",)
PLACES = ("b", "db", "W", "")


class FullyConnected:
    """y[n, j] = sum_i x[n, i] * W[i, j] + b[j], spelled out."""

    def __init__(self, num_inputs, num_outputs, rng):
        self.num_inputs = num_inputs
        self.num_outputs = num_outputs
        self.W = rng.normal(scale=1.0 / np.sqrt(num_inputs), size=(num_inputs, num_outputs))
        self.b = rng.normal(scale=0.1, size=num_outputs)
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        y = np.zeros((x.shape[0], self.num_outputs))
        for n in range(x.shape[0]):
            for j in range(self.num_outputs):
                total = self.b[j]
                for i in range(self.num_inputs):
                    total += x[n, i] * self.W[i, j]
                y[n, j] = total
        return y

    def backward(self, dy):
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)
        dx = np.zeros_like(self.x)
        for n in range(self.x.shape[0]):
            for j in range(self.num_outputs):
                for i in range(self.num_inputs):
                    self.dW[i, j] += self.x[n, i] * dy[n, j]
                    dx[n, i] += self.W[i, j] * dy[n, j]
            for i in range(self.num_inputs):  # FAULT
                self.db[i] += dy[n, i]  # FAULT
        return dx


class FullyConnectedRepaired:
    """y[n, j] = sum_i x[n, i] * W[i, j] + b[j], spelled out."""

    def __init__(self, num_inputs, num_outputs, rng):
        self.num_inputs = num_inputs
        self.num_outputs = num_outputs
        self.W = rng.normal(scale=1.0 / np.sqrt(num_inputs), size=(num_inputs, num_outputs))
        self.b = rng.normal(scale=0.1, size=num_outputs)
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        y = np.zeros((x.shape[0], self.num_outputs))
        for n in range(x.shape[0]):
            for j in range(self.num_outputs):
                total = self.b[j]
                for i in range(self.num_inputs):
                    total += x[n, i] * self.W[i, j]
                y[n, j] = total
        return y

    def backward(self, dy):
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)
        dx = np.zeros_like(self.x)
        for n in range(self.x.shape[0]):
            for j in range(self.num_outputs):
                for i in range(self.num_inputs):
                    self.dW[i, j] += self.x[n, i] * dy[n, j]
                    dx[n, i] += self.W[i, j] * dy[n, j]
            for j in range(self.num_outputs):
                self.db[j] += dy[n, j]
        return dx


def faulty():
    rng = np.random.default_rng(3)
    return {"subject": FullyConnected(5, 3, rng), "inputs": (rng.normal(size=(4, 5)),)}


def correct():
    rng = np.random.default_rng(3)
    return {"subject": FullyConnectedRepaired(5, 3, rng), "inputs": (rng.normal(size=(4, 5)),)}
