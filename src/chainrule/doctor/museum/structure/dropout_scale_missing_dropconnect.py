"""DropConnect: the weights are dropped, not the units. Updates itself in backward.

Symptom: weights move too slowly by the keep probability, nobody notices; hard to compare learning rates.
Repair: the 1/keep of forward belongs in the weight gradient too.
"""
import numpy as np

CODES = ("dropout-scale-missing",)
PLACES = ("weights", "W")


class DropConnectLayer:
    def __init__(self, n_inputs, n_neurons, keep=0.6, seed=1):
        self.rng = np.random.default_rng(seed)
        self.weights = 0.5 * self.rng.standard_normal((n_inputs, n_neurons))
        self.biases = 0.1 * self.rng.standard_normal((1, n_neurons))
        self.keep = keep
        self.training = True

    def forward(self, inputs):
        self.inputs = inputs
        if self.training:
            self.kept = self.rng.random(self.weights.shape) < self.keep
            self.used = self.weights * self.kept / self.keep
        else:
            self.kept, self.used = np.ones(self.weights.shape, bool), self.weights
        return inputs @ self.used + self.biases

    def backward(self, dvalues, learning_rate):
        dinputs = dvalues @ self.used.T
        dused = self.inputs.T @ dvalues
        dweights = dused * self.kept  # FAULT
        self.weights -= learning_rate * dweights
        self.biases -= learning_rate * dvalues.sum(axis=0, keepdims=True)
        return dinputs


class DropConnectLayerRepaired:
    def __init__(self, n_inputs, n_neurons, keep=0.6, seed=1):
        self.rng = np.random.default_rng(seed)
        self.weights = 0.5 * self.rng.standard_normal((n_inputs, n_neurons))
        self.biases = 0.1 * self.rng.standard_normal((1, n_neurons))
        self.keep = keep
        self.training = True

    def forward(self, inputs):
        self.inputs = inputs
        if self.training:
            self.kept = self.rng.random(self.weights.shape) < self.keep
            self.used = self.weights * self.kept / self.keep
        else:
            self.kept, self.used = np.ones(self.weights.shape, bool), self.weights
        return inputs @ self.used + self.biases

    def backward(self, dvalues, learning_rate):
        dinputs = dvalues @ self.used.T
        dused = self.inputs.T @ dvalues
        dweights = dused * self.kept / (self.keep if self.training else 1.0)
        self.weights -= learning_rate * dweights
        self.biases -= learning_rate * dvalues.sum(axis=0, keepdims=True)
        return dinputs


def faulty():
    return {"subject": DropConnectLayer(5, 4), "inputs": (np.random.default_rng(2).standard_normal((3, 5)),), "training": True}


def correct():
    return {"subject": DropConnectLayerRepaired(5, 4), "inputs": (np.random.default_rng(2).standard_normal((3, 5)),), "training": True}
