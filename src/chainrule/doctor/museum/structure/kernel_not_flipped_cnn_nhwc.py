"""Tiny NHWC image classifier, windows via stride tricks and einsum.

Symptom: the accuracy stays where a frozen first layer would leave it.
Repair: rotate the kernel (W[::-1, ::-1]) before correlating it with the padded gradient.
"""
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

CODES = ("kernel-not-flipped",)
PLACES = ("layers.2",)          # layers.0 is 1x1, where a flip changes nothing


def softmax_xent(logits, y):
    z = logits - logits.max(1, keepdims=True)
    return float(np.mean(np.log(np.exp(z).sum(1)) - z[np.arange(len(y)), y]))


def softmax_xent_grad(logits, y):
    e = np.exp(logits - logits.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    return p / len(y)


class Conv:
    """valid convolution; x (N,H,W,C), W (kh,kw,C,O)"""

    def __init__(self, rng, kh, kw, cin, cout):
        self.W = rng.normal(0, (kh * kw * cin) ** -0.5, (kh, kw, cin, cout))
        self.b = rng.normal(0, .1, cout)

    def forward(self, x):
        kh, kw = self.W.shape[:2]
        self.win = sliding_window_view(x, (kh, kw), axis=(1, 2))   # N,h,w,C,kh,kw
        return np.einsum('nhwcij,ijco->nhwo', self.win, self.W) + self.b

    def backward(self, dy):
        kh, kw = self.W.shape[:2]
        self.dW = np.einsum('nhwcij,nhwo->ijco', self.win, dy)
        self.db = dy.sum((0, 1, 2))
        full = np.pad(dy, ((0, 0), (kh - 1, kh - 1), (kw - 1, kw - 1), (0, 0)))
        win = sliding_window_view(full, (kh, kw), axis=(1, 2))
        return np.einsum('nhwoij,ijco->nhwc', win, self.W)  # FAULT


class LeakyReLU:
    def forward(self, x):
        self.slope = np.where(x > 0, 1.0, 0.1)
        return x * self.slope

    def backward(self, dy):
        return dy * self.slope


class MeanPool:
    def forward(self, x):
        self.shape = x.shape
        return x.mean((1, 2))

    def backward(self, dy):
        n, h, w, c = self.shape
        return np.broadcast_to(dy[:, None, None, :] / (h * w), self.shape).copy()


class Linear:
    def __init__(self, rng, i, o):
        self.W = rng.normal(0, i ** -0.5, (i, o))
        self.b = rng.normal(0, .1, o)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.dW, self.db = self.x.T @ dy, dy.sum(0)
        return dy @ self.W.T


class TinyNet:
    def __init__(self, seed=0, channels=2, classes=4):
        rng = np.random.default_rng(seed)
        self.layers = [Conv(rng, 1, 1, channels, 5), LeakyReLU(), Conv(rng, 3, 2, 5, 6), LeakyReLU(),
                       MeanPool(), Linear(rng, 6, classes)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, d):
        for layer in self.layers[::-1]:
            d = layer.backward(d)
        return d


class ConvRepaired:
    """valid convolution; x (N,H,W,C), W (kh,kw,C,O)"""

    def __init__(self, rng, kh, kw, cin, cout):
        self.W = rng.normal(0, (kh * kw * cin) ** -0.5, (kh, kw, cin, cout))
        self.b = rng.normal(0, .1, cout)

    def forward(self, x):
        kh, kw = self.W.shape[:2]
        self.win = sliding_window_view(x, (kh, kw), axis=(1, 2))   # N,h,w,C,kh,kw
        return np.einsum('nhwcij,ijco->nhwo', self.win, self.W) + self.b

    def backward(self, dy):
        kh, kw = self.W.shape[:2]
        self.dW = np.einsum('nhwcij,nhwo->ijco', self.win, dy)
        self.db = dy.sum((0, 1, 2))
        full = np.pad(dy, ((0, 0), (kh - 1, kh - 1), (kw - 1, kw - 1), (0, 0)))
        win = sliding_window_view(full, (kh, kw), axis=(1, 2))
        return np.einsum('nhwoij,ijco->nhwc', win, self.W[::-1, ::-1])


class LeakyReLURepaired:
    def forward(self, x):
        self.slope = np.where(x > 0, 1.0, 0.1)
        return x * self.slope

    def backward(self, dy):
        return dy * self.slope


class MeanPoolRepaired:
    def forward(self, x):
        self.shape = x.shape
        return x.mean((1, 2))

    def backward(self, dy):
        n, h, w, c = self.shape
        return np.broadcast_to(dy[:, None, None, :] / (h * w), self.shape).copy()


class LinearRepaired:
    def __init__(self, rng, i, o):
        self.W = rng.normal(0, i ** -0.5, (i, o))
        self.b = rng.normal(0, .1, o)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.dW, self.db = self.x.T @ dy, dy.sum(0)
        return dy @ self.W.T


class TinyNetRepaired:
    def __init__(self, seed=0, channels=2, classes=4):
        rng = np.random.default_rng(seed)
        self.layers = [ConvRepaired(rng, 1, 1, channels, 5), LeakyReLURepaired(), ConvRepaired(rng, 3, 2, 5, 6), LeakyReLURepaired(),
                       MeanPoolRepaired(), LinearRepaired(rng, 6, classes)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, d):
        for layer in self.layers[::-1]:
            d = layer.backward(d)
        return d


def faulty():
    rng = np.random.default_rng(5)
    return {"subject": TinyNet(), "inputs": (rng.normal(size=(3, 6, 7, 2)),),
            "loss": (softmax_xent, softmax_xent_grad), "target": np.array([2, 0, 3])}


def correct():
    rng = np.random.default_rng(5)
    return {"subject": TinyNetRepaired(), "inputs": (rng.normal(size=(3, 6, 7, 2)),),
            "loss": (softmax_xent, softmax_xent_grad), "target": np.array([2, 0, 3])}
