"""A stack of dense layers with an update inside backward and a guard against exploding gradients.

Symptom: outliers hardly count; deeper layers see a flattened error.
Repair: no clipping of the gradient that is passed on.
"""
import numpy as np

CODES = ("clipped-in-backward",)
PLACES = ("layers[0]", "layers.0", "layers[1]", "layers.1", "x", "layers[0].kernel", "layers.0.kernel", "")


class Layer:
    def __init__(self, n_in, n_out, rng):
        self.kernel = rng.normal(size=(n_in, n_out)) * np.sqrt(2.0 / (n_in + n_out))
        self.offset = rng.normal(size=n_out) * 0.1

    def forward(self, x):
        self.x = x
        self.out = np.tanh(x @ self.kernel + self.offset)
        return self.out

    def backward(self, dout, learning_rate):
        dz = dout * (1.0 - self.out ** 2)
        dx = dz @ self.kernel.T
        dx = np.clip(dx, -0.3, 0.3)  # FAULT
        self.kernel -= learning_rate * self.x.T @ dz
        self.offset -= learning_rate * dz.sum(axis=0)
        return dx


class Stack:
    def __init__(self, widths, rng):
        self.layers = [Layer(a, b, rng) for a, b in zip(widths, widths[1:])]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout, learning_rate):
        for layer in self.layers[::-1]:
            dout = layer.backward(dout, learning_rate)
        return dout


class LayerRepaired:
    def __init__(self, n_in, n_out, rng):
        self.kernel = rng.normal(size=(n_in, n_out)) * np.sqrt(2.0 / (n_in + n_out))
        self.offset = rng.normal(size=n_out) * 0.1

    def forward(self, x):
        self.x = x
        self.out = np.tanh(x @ self.kernel + self.offset)
        return self.out

    def backward(self, dout, learning_rate):
        dz = dout * (1.0 - self.out ** 2)
        dx = dz @ self.kernel.T
        self.kernel -= learning_rate * self.x.T @ dz
        self.offset -= learning_rate * dz.sum(axis=0)
        return dx


class StackRepaired:
    def __init__(self, widths, rng):
        self.layers = [LayerRepaired(a, b, rng) for a, b in zip(widths, widths[1:])]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout, learning_rate):
        for layer in self.layers[::-1]:
            dout = layer.backward(dout, learning_rate)
        return dout


def faulty():
    rng = np.random.default_rng(35)
    return {"subject": Stack([4, 6, 3], rng), "inputs": (rng.normal(size=(5, 4)),)}


def correct():
    rng = np.random.default_rng(35)
    return {"subject": StackRepaired([4, 6, 3], rng), "inputs": (rng.normal(size=(5, 4)),)}
