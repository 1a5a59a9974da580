"""An average pool whose backward fills the first window of every channel only.

Symptom: most of the image receives no gradient.
Repair: move the window along the output.
"""
import numpy as np

CODES = ("first-window-only",)
PLACES = ("x", "", "pool")


class AvgPool:
    def __init__(self, size, stride):
        self.size, self.stride = size, stride

    def forward(self, x):
        self.in_shape = x.shape
        f, s = self.size, self.stride
        n, c, h, w = x.shape
        y = np.zeros((n, c, (h - f) // s + 1, (w - f) // s + 1))
        for i in range(y.shape[2]):
            for j in range(y.shape[3]):
                y[..., i, j] = x[..., i * s:i * s + f, j * s:j * s + f].mean(axis=(2, 3))
        return y

    def backward(self, dy):
        f, s = self.size, self.stride
        dx = np.zeros(self.in_shape)
        r = c = 0
        for i in range(dy.shape[2]):
            for j in range(dy.shape[3]):
                dx[..., r:r + f, c:c + f] += dy[..., i:i + 1, j:j + 1] / f ** 2  # FAULT
        return dx


class AvgPoolRepaired:
    def __init__(self, size, stride):
        self.size, self.stride = size, stride

    def forward(self, x):
        self.in_shape = x.shape
        f, s = self.size, self.stride
        n, c, h, w = x.shape
        y = np.zeros((n, c, (h - f) // s + 1, (w - f) // s + 1))
        for i in range(y.shape[2]):
            for j in range(y.shape[3]):
                y[..., i, j] = x[..., i * s:i * s + f, j * s:j * s + f].mean(axis=(2, 3))
        return y

    def backward(self, dy):
        f, s = self.size, self.stride
        dx = np.zeros(self.in_shape)
        r = c = 0
        for i in range(dy.shape[2]):
            for j in range(dy.shape[3]):
                r, c = i * s, j * s
                dx[..., r:r + f, c:c + f] += dy[..., i:i + 1, j:j + 1] / f ** 2
        return dx


def faulty():
    rng = np.random.default_rng(48)
    return {"subject": AvgPool(3, 2), "inputs": (rng.normal(size=(2, 3, 7, 9)),)}


def correct():
    rng = np.random.default_rng(48)
    return {"subject": AvgPoolRepaired(3, 2), "inputs": (rng.normal(size=(2, 3, 7, 9)),)}
