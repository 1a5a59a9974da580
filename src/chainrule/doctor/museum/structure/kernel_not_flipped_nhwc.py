"""A two-convolution network (NHWC) whose layers know how to convolve only one way round.

Symptom: the filters of the first convolution stay close to noise.
Repair: flip both spatial axes of the kernel before the full correlation.
"""
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

CODES = ("kernel-not-flipped",)
PLACES = ("layers.2", "layers.0", "layers.0.W", "layers.0.b", "x", "")


def correlate(x, w):
    """x (N, H, W, I), w (kh, kw, I, O), no padding"""
    windows = sliding_window_view(x, w.shape[:2], axis=(1, 2))
    return np.einsum("nhwiyx,yxio->nhwo", windows, w)


class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dy):
        return dy * (1.0 - self.y**2)


class Conv:
    def __init__(self, n_in, n_out, size, rng):
        self.W = rng.normal(0, 1 / np.sqrt(size * size * n_in), (size, size, n_in, n_out))
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return correlate(x, self.W) + self.b

    def backward(self, dy):
        windows = sliding_window_view(self.x, self.W.shape[:2], axis=(1, 2))
        self.dW = np.einsum("nhwiyx,nhwo->yxio", windows, dy)
        self.db = dy.sum(axis=(0, 1, 2))
        p, q = self.W.shape[0] - 1, self.W.shape[1] - 1
        padded = np.pad(dy, ((0, 0), (p, p), (q, q), (0, 0)))
        return correlate(padded, self.W.transpose(0, 1, 3, 2))  # FAULT


class ConvNet:
    def __init__(self, rng):
        self.layers = [Conv(2, 3, 3, rng), Tanh(), Conv(3, 2, 2, rng)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in self.layers[::-1]:
            dy = layer.backward(dy)
        return dy


class ConvRepaired:
    def __init__(self, n_in, n_out, size, rng):
        self.W = rng.normal(0, 1 / np.sqrt(size * size * n_in), (size, size, n_in, n_out))
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return correlate(x, self.W) + self.b

    def backward(self, dy):
        windows = sliding_window_view(self.x, self.W.shape[:2], axis=(1, 2))
        self.dW = np.einsum("nhwiyx,nhwo->yxio", windows, dy)
        self.db = dy.sum(axis=(0, 1, 2))
        p, q = self.W.shape[0] - 1, self.W.shape[1] - 1
        padded = np.pad(dy, ((0, 0), (p, p), (q, q), (0, 0)))
        return correlate(padded, self.W[::-1, ::-1].transpose(0, 1, 3, 2))


class ConvNetRepaired:
    def __init__(self, rng):
        self.layers = [ConvRepaired(2, 3, 3, rng), Tanh(), ConvRepaired(3, 2, 2, rng)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in self.layers[::-1]:
            dy = layer.backward(dy)
        return dy


def faulty():
    rng = np.random.default_rng(2)
    return {"subject": ConvNet(rng), "inputs": (rng.normal(size=(2, 6, 5, 2)),)}


def correct():
    rng = np.random.default_rng(2)
    return {"subject": ConvNetRepaired(rng), "inputs": (rng.normal(size=(2, 6, 5, 2)),)}
