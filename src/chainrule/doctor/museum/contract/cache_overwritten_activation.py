"""A perceptron with hidden layers of one width, built as a list, with one activation object for all of
them.

Symptom: everything below the last hidden layer gets a wrong gradient; with unequal widths it would
crash.
Repair: every position in the list needs an activation object of its own.
"""
import numpy as np

CODES = ("cache-overwritten",)
PLACES = ("layers[1]", "layers[3]", "layers.1", "layers.3", "layers")


class Dense:
    def __init__(self, n_in, n_out, rng):
        weight = rng.normal(scale=n_in ** -0.5, size=(n_in, n_out))
        self.parameters = [weight, rng.normal(scale=0.1, size=n_out)]
        self.gradients = [None, None]

    def forward(self, x):
        weight, bias = self.parameters
        self.x = x
        return x @ weight + bias

    def backward(self, dy):
        self.gradients = [self.x.T @ dy, dy.sum(axis=0)]
        return dy @ self.parameters[0].T


class Tanh:
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out

    def backward(self, dy):
        return dy * (1.0 - self.out ** 2)


class MLP:
    def __init__(self, n_in, width, n_out, rng):
        activation = Tanh()  # FAULT
        self.layers = [
            Dense(n_in, width, rng),
            activation,  # FAULT
            Dense(width, width, rng),
            activation,  # FAULT
            Dense(width, n_out, rng),
        ]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in self.layers[::-1]:
            dy = layer.backward(dy)
        return dy


class MLPRepaired:
    def __init__(self, n_in, width, n_out, rng):
        self.layers = [
            Dense(n_in, width, rng),
            Tanh(),
            Dense(width, width, rng),
            Tanh(),
            Dense(width, n_out, rng),
        ]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in self.layers[::-1]:
            dy = layer.backward(dy)
        return dy


def faulty():
    rng = np.random.default_rng(53)
    return {"subject": MLP(4, 7, 3, rng), "inputs": (rng.normal(size=(5, 4)),)}


def correct():
    rng = np.random.default_rng(53)
    return {"subject": MLPRepaired(4, 7, 3, rng), "inputs": (rng.normal(size=(5, 4)),)}
