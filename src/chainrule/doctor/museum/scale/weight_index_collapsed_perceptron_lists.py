"""Multilayer perceptron with one weight row per neuron, plain loops.

Symptom: all incoming weights of a neuron move together; the net behaves as if it had one feature.
Repair: gradient[o][i], not gradient[o].
"""
import math
import numpy as np

CODES = ("weight-index-collapsed",)
PLACES = ("layers.0", "layers.1", "layers.0.weights", "layers.1.weights", "weights", "")


class NeuronLayer:
    def __init__(self, num_inputs, num_neurons, squash):
        self.weights = np.random.uniform(-0.8, 0.8, size=(num_neurons, num_inputs))
        self.bias = np.random.uniform(-0.2, 0.2, size=num_neurons)
        self.squash = squash

    def forward(self, batch):
        self.inputs = batch
        self.outputs = np.zeros((len(batch), len(self.weights)))
        for s, sample in enumerate(batch):
            for o in range(len(self.weights)):
                total = self.bias[o]
                for i in range(len(sample)):
                    total += self.weights[o][i] * sample[i]
                self.outputs[s][o] = math.tanh(total) if self.squash else total
        return self.outputs

    def backward(self, errors):
        self.weights_gradient = np.zeros_like(self.weights)
        self.bias_gradient = np.zeros_like(self.bias)
        back = np.zeros_like(self.inputs)
        for s in range(len(errors)):
            for o in range(len(self.weights)):
                delta = errors[s][o]
                if self.squash:
                    delta = delta * (1 - self.outputs[s][o] ** 2)
                self.bias_gradient[o] += delta
                for i in range(len(self.inputs[s])):
                    self.weights_gradient[o] += delta * self.inputs[s][i]  # FAULT
                    back[s][i] += delta * self.weights[o][i]
        return back


class Network:
    def __init__(self, sizes):
        np.random.seed(13)
        self.layers = [NeuronLayer(a, b, squash=(k < len(sizes) - 2)) for k, (a, b) in enumerate(zip(sizes, sizes[1:]))]

    def forward(self, batch):
        for layer in self.layers:
            batch = layer.forward(batch)
        return batch

    def backward(self, errors):
        for layer in self.layers[::-1]:
            errors = layer.backward(errors)
        return errors


class NeuronLayerRepaired:
    def __init__(self, num_inputs, num_neurons, squash):
        self.weights = np.random.uniform(-0.8, 0.8, size=(num_neurons, num_inputs))
        self.bias = np.random.uniform(-0.2, 0.2, size=num_neurons)
        self.squash = squash

    def forward(self, batch):
        self.inputs = batch
        self.outputs = np.zeros((len(batch), len(self.weights)))
        for s, sample in enumerate(batch):
            for o in range(len(self.weights)):
                total = self.bias[o]
                for i in range(len(sample)):
                    total += self.weights[o][i] * sample[i]
                self.outputs[s][o] = math.tanh(total) if self.squash else total
        return self.outputs

    def backward(self, errors):
        self.weights_gradient = np.zeros_like(self.weights)
        self.bias_gradient = np.zeros_like(self.bias)
        back = np.zeros_like(self.inputs)
        for s in range(len(errors)):
            for o in range(len(self.weights)):
                delta = errors[s][o]
                if self.squash:
                    delta = delta * (1 - self.outputs[s][o] ** 2)
                self.bias_gradient[o] += delta
                for i in range(len(self.inputs[s])):
                    self.weights_gradient[o][i] += delta * self.inputs[s][i]
                    back[s][i] += delta * self.weights[o][i]
        return back


class NetworkRepaired:
    def __init__(self, sizes):
        np.random.seed(13)
        self.layers = [NeuronLayerRepaired(a, b, squash=(k < len(sizes) - 2)) for k, (a, b) in enumerate(zip(sizes, sizes[1:]))]

    def forward(self, batch):
        for layer in self.layers:
            batch = layer.forward(batch)
        return batch

    def backward(self, errors):
        for layer in self.layers[::-1]:
            errors = layer.backward(errors)
        return errors


def _x():
    return (np.random.RandomState(2).uniform(-1, 1, (3, 4)),)


def faulty():
    return {"subject": Network([4, 6, 2]), "inputs": _x()}


def correct():
    return {"subject": NetworkRepaired([4, 6, 2]), "inputs": _x()}
