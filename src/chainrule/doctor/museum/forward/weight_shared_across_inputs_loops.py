"""A dense layer, written with loops, that has one weight for each neuron.

Symptom: the loss stays near its first value; every neuron sees only the sum of its inputs.
Repair: a weight for each pair of neuron and input.
"""
import numpy as np

CODES = ("weight-shared-across-inputs",)
PLACES = ("weights", "x", "inputs", "")


class DenseLayer:
    """Fully connected layer with an activation that is given by its name."""

    def __init__(self, input_size, output_size, activation="tanh", rng=None):
        rng = rng if rng is not None else np.random.default_rng()
        self.input_size = input_size
        self.output_size = output_size
        self.activation = activation
        self.weights = rng.uniform(-1, 1, size=output_size) / np.sqrt(input_size)  # FAULT
        self.biases = rng.uniform(-0.1, 0.1, size=output_size)
        self.weights_grad = np.zeros_like(self.weights)
        self.biases_grad = np.zeros_like(self.biases)

    def forward(self, inputs):
        self.inputs = inputs
        self.z = np.zeros((inputs.shape[0], self.output_size))
        for n in range(inputs.shape[0]):
            for j in range(self.output_size):
                total = 0.0
                for i in range(self.input_size):
                    total += inputs[n, i] * self.weights[j]
                self.z[n, j] = total + self.biases[j]
        if self.activation == "tanh":
            return np.tanh(self.z)
        return self.z

    def backward(self, grad_output):
        if self.activation == "tanh":
            delta = grad_output * (1 - np.tanh(self.z) ** 2)
        else:
            delta = grad_output
        self.weights_grad = np.zeros_like(self.weights)
        self.biases_grad = delta.sum(axis=0)
        grad_input = np.zeros_like(self.inputs)
        for n in range(delta.shape[0]):
            for j in range(self.output_size):
                for i in range(self.input_size):
                    self.weights_grad[j] += delta[n, j] * self.inputs[n, i]
                    grad_input[n, i] += delta[n, j] * self.weights[j]
        return grad_input


class DenseLayerRepaired:
    """Fully connected layer with an activation that is given by its name."""

    def __init__(self, input_size, output_size, activation="tanh", rng=None):
        rng = rng if rng is not None else np.random.default_rng()
        self.input_size = input_size
        self.output_size = output_size
        self.activation = activation
        self.weights = rng.uniform(-1, 1, size=(output_size, input_size)) / np.sqrt(input_size)
        self.biases = rng.uniform(-0.1, 0.1, size=output_size)
        self.weights_grad = np.zeros_like(self.weights)
        self.biases_grad = np.zeros_like(self.biases)

    def forward(self, inputs):
        self.inputs = inputs
        self.z = np.zeros((inputs.shape[0], self.output_size))
        for n in range(inputs.shape[0]):
            for j in range(self.output_size):
                total = 0.0
                for i in range(self.input_size):
                    total += inputs[n, i] * self.weights[j, i]
                self.z[n, j] = total + self.biases[j]
        if self.activation == "tanh":
            return np.tanh(self.z)
        return self.z

    def backward(self, grad_output):
        if self.activation == "tanh":
            delta = grad_output * (1 - np.tanh(self.z) ** 2)
        else:
            delta = grad_output
        self.weights_grad = np.zeros_like(self.weights)
        self.biases_grad = delta.sum(axis=0)
        grad_input = np.zeros_like(self.inputs)
        for n in range(delta.shape[0]):
            for j in range(self.output_size):
                for i in range(self.input_size):
                    self.weights_grad[j, i] += delta[n, j] * self.inputs[n, i]
                    grad_input[n, i] += delta[n, j] * self.weights[j, i]
        return grad_input


def faulty():
    def make(input_size=4, output_size=4):
        return DenseLayer(input_size, output_size, rng=np.random.default_rng(19))

    return {"subject": make, "inputs": (np.random.default_rng(50).normal(size=(4, 4)),)}


def correct():
    def make(input_size=4, output_size=4):
        return DenseLayerRepaired(input_size, output_size, rng=np.random.default_rng(19))

    return {"subject": make, "inputs": (np.random.default_rng(50).normal(size=(4, 4)),)}
