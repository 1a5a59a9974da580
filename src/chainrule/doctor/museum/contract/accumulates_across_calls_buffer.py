"""Average pooling with overlapping windows that keeps its gradient buffer to save allocations.

Symptom: the first batch is right, then the gradient that leaves the layer grows with every batch.
Repair: clear the buffer at the start of backward.
"""
import numpy as np

CODES = ("accumulates-across-calls",)
PLACES = ("x", "", "dx")


class AveragePool1d:
    """x: (batch, length, channels); windows of `size`, moved by `step`."""

    def __init__(self, size, step):
        self.size = size
        self.step = step
        self.dx = None

    def forward(self, x):
        self.shape = x.shape
        count = (x.shape[1] - self.size) // self.step + 1
        self.starts = [i * self.step for i in range(count)]
        return np.stack([x[:, s:s + self.size].mean(axis=1) for s in self.starts], axis=1)

    def backward(self, dy):
        if self.dx is None or self.dx.shape != self.shape:  # FAULT
            self.dx = np.zeros(self.shape)
        for i, s in enumerate(self.starts):
            self.dx[:, s:s + self.size] += dy[:, i:i + 1] / self.size
        return self.dx.copy()


class AveragePool1dRepaired:
    """x: (batch, length, channels); windows of `size`, moved by `step`."""

    def __init__(self, size, step):
        self.size = size
        self.step = step
        self.dx = None

    def forward(self, x):
        self.shape = x.shape
        count = (x.shape[1] - self.size) // self.step + 1
        self.starts = [i * self.step for i in range(count)]
        return np.stack([x[:, s:s + self.size].mean(axis=1) for s in self.starts], axis=1)

    def backward(self, dy):
        self.dx = np.zeros(self.shape)
        for i, s in enumerate(self.starts):
            self.dx[:, s:s + self.size] += dy[:, i:i + 1] / self.size
        return self.dx.copy()


def faulty():
    x = np.random.default_rng(40).normal(size=(2, 8, 3))
    return {"subject": AveragePool1d(size=3, step=2), "inputs": (x,)}


def correct():
    x = np.random.default_rng(40).normal(size=(2, 8, 3))
    return {"subject": AveragePool1dRepaired(size=3, step=2), "inputs": (x,)}
