"""A transposed convolution whose bias gradient keeps the batch axis.

Symptom: the bias becomes a table with a row for each sample.
Repair: sum over batch, rows and columns.
"""
import numpy as np

CODES = ("bias-axes-wrong", "gradient-shape-wrong")
PLACES = ("b", "bias")


class UpConv:
    """Transposed convolution, kernel 2, stride 2, NCHW."""

    def __init__(self, c, o, rng):
        self.params = {"w": rng.normal(size=(c, o, 2, 2)) * 0.4, "b": rng.normal(size=o)}
        self.grads = {}

    def forward(self, x):
        self.x = x
        n, _, h, w = x.shape
        y = np.einsum("nchw,coij->nohiwj", x, self.params["w"])
        return y.reshape(n, -1, 2 * h, 2 * w) + self.params["b"].reshape(1, -1, 1, 1)

    def backward(self, dy):
        n, o, h, w = dy.shape
        d = dy.reshape(n, o, h // 2, 2, w // 2, 2)
        self.grads["w"] = np.einsum("nchw,nohiwj->coij", self.x, d)
        self.grads["b"] = dy.sum(axis=(2, 3))  # FAULT
        return np.einsum("nohiwj,coij->nchw", d, self.params["w"])


class UpConvRepaired:
    """Transposed convolution, kernel 2, stride 2, NCHW."""

    def __init__(self, c, o, rng):
        self.params = {"w": rng.normal(size=(c, o, 2, 2)) * 0.4, "b": rng.normal(size=o)}
        self.grads = {}

    def forward(self, x):
        self.x = x
        n, _, h, w = x.shape
        y = np.einsum("nchw,coij->nohiwj", x, self.params["w"])
        return y.reshape(n, -1, 2 * h, 2 * w) + self.params["b"].reshape(1, -1, 1, 1)

    def backward(self, dy):
        n, o, h, w = dy.shape
        d = dy.reshape(n, o, h // 2, 2, w // 2, 2)
        self.grads["w"] = np.einsum("nchw,nohiwj->coij", self.x, d)
        self.grads["b"] = dy.sum(axis=(0, 2, 3))
        return np.einsum("nohiwj,coij->nchw", d, self.params["w"])


def faulty():
    rng = np.random.default_rng(127)
    return {"subject": UpConv(3, 2, rng), "inputs": (rng.normal(size=(5, 3, 3, 4)),)}


def correct():
    rng = np.random.default_rng(127)
    return {"subject": UpConvRepaired(3, 2, rng), "inputs": (rng.normal(size=(5, 3, 3, 4)),)}
