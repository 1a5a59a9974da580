"""A dense layer that takes the name of its activation.

Symptom: works with activation='linear', trains poorly with anything else.
Repair: multiply the upstream gradient by the derivative before it goes through the weights.
"""
import numpy as np

CODES = ("activation-derivative-missing",)
PLACES = ("layers[0]", "layers.0", "layers[0].weights", "layers.0.weights", "layers[1]", "layers.1",
          "layers[0].biases", "layers.0.biases")

ACTIVATIONS = {
    "linear": lambda z: z,
    "tanh": np.tanh,
    "softplus": lambda z: np.log1p(np.exp(z)),
}
DERIVATIVES = {
    "linear": lambda z: np.ones_like(z),
    "tanh": lambda z: 1.0 - np.tanh(z) ** 2,
    "softplus": lambda z: 1.0 / (1.0 + np.exp(-z)),
}


class DenseLayer:
    def __init__(self, n_inputs, n_neurons, activation, rng):
        self.weights = rng.normal(size=(n_inputs, n_neurons)) * np.sqrt(1.0 / n_inputs)
        self.biases = rng.normal(size=(1, n_neurons)) * 0.1
        self.activation = activation
        self.gradients = {}

    def forward(self, inputs):
        self.inputs = inputs
        self.z = inputs @ self.weights + self.biases
        return ACTIVATIONS[self.activation](self.z)

    def backward(self, dvalues):
        delta = dvalues  # FAULT
        self.gradients["weights"] = self.inputs.T @ delta
        self.gradients["biases"] = delta.sum(axis=0, keepdims=True)
        return delta @ self.weights.T


class Network:
    def __init__(self, sizes, rng):
        self.layers = []
        for k in range(len(sizes) - 1):
            name = "linear" if k == len(sizes) - 2 else ("tanh", "softplus")[k % 2]
            self.layers.append(DenseLayer(sizes[k], sizes[k + 1], name, rng))

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dvalues):
        for layer in reversed(self.layers):
            dvalues = layer.backward(dvalues)
        return dvalues


class DenseLayerRepaired:
    def __init__(self, n_inputs, n_neurons, activation, rng):
        self.weights = rng.normal(size=(n_inputs, n_neurons)) * np.sqrt(1.0 / n_inputs)
        self.biases = rng.normal(size=(1, n_neurons)) * 0.1
        self.activation = activation
        self.gradients = {}

    def forward(self, inputs):
        self.inputs = inputs
        self.z = inputs @ self.weights + self.biases
        return ACTIVATIONS[self.activation](self.z)

    def backward(self, dvalues):
        delta = dvalues * DERIVATIVES[self.activation](self.z)
        self.gradients["weights"] = self.inputs.T @ delta
        self.gradients["biases"] = delta.sum(axis=0, keepdims=True)
        return delta @ self.weights.T


class NetworkRepaired:
    def __init__(self, sizes, rng):
        self.layers = []
        for k in range(len(sizes) - 1):
            name = "linear" if k == len(sizes) - 2 else ("tanh", "softplus")[k % 2]
            self.layers.append(DenseLayerRepaired(sizes[k], sizes[k + 1], name, rng))

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dvalues):
        for layer in reversed(self.layers):
            dvalues = layer.backward(dvalues)
        return dvalues


def faulty():
    rng = np.random.default_rng(7)
    return {"subject": Network([3, 6, 5, 2], rng), "inputs": (rng.normal(size=(4, 3)),)}


def correct():
    rng = np.random.default_rng(7)
    return {"subject": NetworkRepaired([3, 6, 5, 2], rng), "inputs": (rng.normal(size=(4, 3)),)}
