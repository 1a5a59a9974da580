"""A dense layer without matrix products, to see every multiplication.

Symptom: all weights of a neuron receive the same gradient; inputs cannot be told apart.
Repair: index the gradient with neuron and input.
"""
import numpy as np

CODES = ("weight-index-collapsed",)
PLACES = ("weights",)


class FullyConnected:
    """weights[j][i] connects input i to neuron j."""

    def __init__(self, num_inputs, num_neurons, rng):
        self.num_inputs = num_inputs
        self.num_neurons = num_neurons
        self.weights = rng.uniform(-1, 1, size=(num_neurons, num_inputs))
        self.biases = rng.uniform(-1, 1, size=num_neurons)
        self.weights_grad = np.zeros_like(self.weights)
        self.biases_grad = np.zeros_like(self.biases)

    def forward(self, inputs):
        self.inputs = inputs
        outputs = np.zeros((len(inputs), self.num_neurons))
        for sample in range(len(inputs)):
            for j in range(self.num_neurons):
                total = self.biases[j]
                for i in range(self.num_inputs):
                    total += self.weights[j][i] * inputs[sample][i]
                outputs[sample][j] = total
        return outputs

    def backward(self, output_gradient):
        self.weights_grad = np.zeros_like(self.weights)
        self.biases_grad = np.zeros_like(self.biases)
        input_gradient = np.zeros_like(self.inputs)
        for sample in range(len(output_gradient)):
            for j in range(self.num_neurons):
                error = output_gradient[sample][j]
                self.biases_grad[j] += error
                for i in range(self.num_inputs):
                    self.weights_grad[j] += error * self.inputs[sample][i]  # FAULT
                    input_gradient[sample][i] += error * self.weights[j][i]
        return input_gradient


class FullyConnectedRepaired:
    """weights[j][i] connects input i to neuron j."""

    def __init__(self, num_inputs, num_neurons, rng):
        self.num_inputs = num_inputs
        self.num_neurons = num_neurons
        self.weights = rng.uniform(-1, 1, size=(num_neurons, num_inputs))
        self.biases = rng.uniform(-1, 1, size=num_neurons)
        self.weights_grad = np.zeros_like(self.weights)
        self.biases_grad = np.zeros_like(self.biases)

    def forward(self, inputs):
        self.inputs = inputs
        outputs = np.zeros((len(inputs), self.num_neurons))
        for sample in range(len(inputs)):
            for j in range(self.num_neurons):
                total = self.biases[j]
                for i in range(self.num_inputs):
                    total += self.weights[j][i] * inputs[sample][i]
                outputs[sample][j] = total
        return outputs

    def backward(self, output_gradient):
        self.weights_grad = np.zeros_like(self.weights)
        self.biases_grad = np.zeros_like(self.biases)
        input_gradient = np.zeros_like(self.inputs)
        for sample in range(len(output_gradient)):
            for j in range(self.num_neurons):
                error = output_gradient[sample][j]
                self.biases_grad[j] += error
                for i in range(self.num_inputs):
                    self.weights_grad[j][i] += error * self.inputs[sample][i]
                    input_gradient[sample][i] += error * self.weights[j][i]
        return input_gradient


def faulty():
    rng = np.random.default_rng(13)
    return {"subject": FullyConnected(4, 3, rng), "inputs": (rng.normal(size=(5, 4)),)}


def correct():
    rng = np.random.default_rng(13)
    return {"subject": FullyConnectedRepaired(4, 3, rng), "inputs": (rng.normal(size=(5, 4)),)}
