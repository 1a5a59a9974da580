"""A layer of neurons with one weight each.

Symptom: the order of the features has no effect.
Repair: one weight per input and neuron.
"""
import numpy as np

CODES = ("weight-shared-across-inputs",)
PLACES = ("", "weights", "x")


class NeuronLayer:
    def __init__(self, n_inputs, n_neurons, rng):
        self.weights = rng.normal(size=n_neurons)  # FAULT
        self.biases = rng.normal(size=n_neurons)
        self.delta_weights = self.delta_biases = None

    def forward(self, x):
        self.x = x
        z = np.sum(x[:, None, :] * self.weights[None, :, None], axis=2)  # FAULT
        return z + self.biases

    def backward(self, delta):
        self.delta_weights = np.einsum("bn,bi->n", delta, self.x)  # FAULT
        self.delta_biases = delta.sum(axis=0)
        return np.repeat((delta @ self.weights)[:, None], self.x.shape[1], axis=1)  # FAULT


class NeuronLayerRepaired:
    def __init__(self, n_inputs, n_neurons, rng):
        self.weights = rng.normal(size=(n_neurons, n_inputs))
        self.biases = rng.normal(size=n_neurons)
        self.delta_weights = self.delta_biases = None

    def forward(self, x):
        self.x = x
        z = np.sum(x[:, None, :] * self.weights[None, :, :], axis=2)
        return z + self.biases

    def backward(self, delta):
        self.delta_weights = np.einsum("bn,bi->ni", delta, self.x)
        self.delta_biases = delta.sum(axis=0)
        return delta @ self.weights


def faulty():
    rng = np.random.default_rng(76)
    return {"subject": NeuronLayer(5, 3, rng), "inputs": (rng.normal(size=(4, 5)),)}


def correct():
    rng = np.random.default_rng(76)
    return {"subject": NeuronLayerRepaired(5, 3, rng), "inputs": (rng.normal(size=(4, 5)),)}
