"""Small all-convolutional head: 1x1 convolution, sigmoid, global average pooling (NHWC).

Symptom: the loss does not depend on what is asked; filters grow in one direction.
Repair: spread the incoming gradient over the map, do not return the bare factor.
"""
import numpy as np
CODES = ("ignores-upstream",)
PLACES = ("layers.2", "layers.0", "layers.1", "x", "dx", "w", "b", "")


class Conv1x1:
    def __init__(self, cin, cout):
        self.w = np.random.randn(cin, cout) * 0.5
        self.b = np.random.randn(cout) * 0.1

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, d):
        self.dw = np.einsum("nhwi,nhwo->io", self.x, d)
        self.db = d.sum((0, 1, 2))
        return d @ self.w.T


class Sigmoid:
    def forward(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, d):
        return d * self.out * (1 - self.out)


class GlobalAvgPool:
    def forward(self, x):
        self.shape = x.shape
        return x.mean(axis=(1, 2))

    def backward(self, d):
        n, h, w, c = self.shape
        return np.ones((n, h, w, c)) / (h * w)  # FAULT


class Sequential:
    def __init__(self, *layers):
        self.layers = list(layers)

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, d):
        for layer in self.layers[::-1]:
            d = layer.backward(d)
        return d


class Conv1x1Repaired:
    def __init__(self, cin, cout):
        self.w = np.random.randn(cin, cout) * 0.5
        self.b = np.random.randn(cout) * 0.1

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, d):
        self.dw = np.einsum("nhwi,nhwo->io", self.x, d)
        self.db = d.sum((0, 1, 2))
        return d @ self.w.T


class SigmoidRepaired:
    def forward(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, d):
        return d * self.out * (1 - self.out)


class GlobalAvgPoolRepaired:
    def forward(self, x):
        self.shape = x.shape
        return x.mean(axis=(1, 2))

    def backward(self, d):
        n, h, w, c = self.shape
        return np.ones((n, h, w, c)) / (h * w) * d[:, None, None, :]


class SequentialRepaired:
    def __init__(self, *layers):
        self.layers = list(layers)

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, d):
        for layer in self.layers[::-1]:
            d = layer.backward(d)
        return d


def faulty():
    np.random.seed(12)
    model = Sequential(Conv1x1(3, 5), Sigmoid(), GlobalAvgPool())
    return {"subject": model, "inputs": (np.random.randn(2, 4, 3, 3),)}


def correct():
    np.random.seed(12)
    model = SequentialRepaired(Conv1x1Repaired(3, 5), SigmoidRepaired(), GlobalAvgPoolRepaired())
    return {"subject": model, "inputs": (np.random.randn(2, 4, 3, 3),)}
