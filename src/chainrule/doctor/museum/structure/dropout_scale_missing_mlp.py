"""An MLP with inverted dropout; the mask comes back without its factor.

Symptom: with dropout 0.5 the layers below learn at half the speed.
Repair: multiply by the scaled mask in backward.
"""
import numpy as np

CODES = ("dropout-scale-missing",)
PLACES = ("layers.2", "x", "layers.0", "layers.0.weights", "layers.0.bias")


class Linear:
    def __init__(self, n_in, n_out, rng):
        self.weights = rng.normal(0, 1 / np.sqrt(n_in), (n_in, n_out))
        self.bias = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.weights + self.bias

    def backward(self, grad):
        self.weights_gradient = self.x.T @ grad
        self.bias_gradient = grad.sum(axis=0)
        return grad @ self.weights.T


class Sigmoid:
    def forward(self, x):
        self.y = 1.0 / (1.0 + np.exp(-x))
        return self.y

    def backward(self, grad):
        return grad * self.y * (1.0 - self.y)


class Dropout:
    def __init__(self, rate, seed=0):
        self.rate = rate
        self.rng = np.random.default_rng(seed)
        self.training = True

    def forward(self, x):
        if not self.training:
            self.mask = None
            return x
        self.mask = self.rng.random(x.shape) >= self.rate
        return x * self.mask / (1.0 - self.rate)

    def backward(self, grad):
        if self.mask is None:
            return grad
        return grad * self.mask  # FAULT


class MLP:
    def __init__(self, n_in, n_hidden, n_out, rate, rng):
        self.layers = [Linear(n_in, n_hidden, rng), Sigmoid(), Dropout(rate)]
        self.layers.append(Linear(n_hidden, n_out, rng))

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad


class DropoutRepaired:
    def __init__(self, rate, seed=0):
        self.rate = rate
        self.rng = np.random.default_rng(seed)
        self.training = True

    def forward(self, x):
        if not self.training:
            self.mask = None
            return x
        self.mask = self.rng.random(x.shape) >= self.rate
        return x * self.mask / (1.0 - self.rate)

    def backward(self, grad):
        if self.mask is None:
            return grad
        return grad * self.mask / (1.0 - self.rate)


class MLPRepaired:
    def __init__(self, n_in, n_hidden, n_out, rate, rng):
        self.layers = [Linear(n_in, n_hidden, rng), Sigmoid(), DropoutRepaired(rate)]
        self.layers.append(Linear(n_hidden, n_out, rng))

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad


def faulty():
    rng = np.random.default_rng(0)
    model = MLP(3, 8, 2, 0.4, rng)
    return {"subject": model, "inputs": (rng.normal(size=(5, 3)),), "training": True}


def correct():
    rng = np.random.default_rng(0)
    model = MLPRepaired(3, 8, 2, 0.4, rng)
    return {"subject": model, "inputs": (rng.normal(size=(5, 3)),), "training": True}
