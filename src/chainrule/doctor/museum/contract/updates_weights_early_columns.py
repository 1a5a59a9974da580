"""The multi-layer network of a textbook: column vectors, lists of weights and biases, the error called
delta.

Symptom: trains, but a gradient check of the lower layers fails, and large learning rates diverge
early.
Repair: propagate delta through the weights before they are changed.
"""
import numpy as np

CODES = ("updates-weights-early",)
PLACES = ("weights", "weights[0]", "weights.0", "biases[0]", "biases.0", "weights[1]", "weights.1", "x",
          "delta", "")


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


class Network:
    def __init__(self, sizes, rng):
        self.weights = [rng.standard_normal((m, n)) / np.sqrt(n) for n, m in zip(sizes[:-1], sizes[1:])]
        self.biases = [rng.standard_normal((m, 1)) for m in sizes[1:]]

    def forward(self, x):
        self.activations = [x]
        for w, b in zip(self.weights, self.biases):
            self.activations.append(sigmoid(w @ self.activations[-1] + b))
        return self.activations[-1]

    def backward(self, delta, learning_rate):
        for layer in range(len(self.weights) - 1, -1, -1):
            a = self.activations[layer + 1]
            delta = delta * a * (1 - a)
            self.weights[layer] = self.weights[layer] - learning_rate * delta @ self.activations[layer].T
            self.biases[layer] = self.biases[layer] - learning_rate * delta.sum(axis=1, keepdims=True)
            delta = self.weights[layer].T @ delta  # FAULT
        return delta


class NetworkRepaired:
    def __init__(self, sizes, rng):
        self.weights = [rng.standard_normal((m, n)) / np.sqrt(n) for n, m in zip(sizes[:-1], sizes[1:])]
        self.biases = [rng.standard_normal((m, 1)) for m in sizes[1:]]

    def forward(self, x):
        self.activations = [x]
        for w, b in zip(self.weights, self.biases):
            self.activations.append(sigmoid(w @ self.activations[-1] + b))
        return self.activations[-1]

    def backward(self, delta, learning_rate):
        for layer in range(len(self.weights) - 1, -1, -1):
            a = self.activations[layer + 1]
            delta = delta * a * (1 - a)
            below = self.weights[layer].T @ delta
            self.weights[layer] = self.weights[layer] - learning_rate * delta @ self.activations[layer].T
            self.biases[layer] = self.biases[layer] - learning_rate * delta.sum(axis=1, keepdims=True)
            delta = below
        return delta


def faulty():
    rng = np.random.default_rng(6)
    return {"subject": Network((5, 4, 6, 3), rng), "inputs": (rng.standard_normal((5, 2)),)}


def correct():
    rng = np.random.default_rng(6)
    return {"subject": NetworkRepaired((5, 4, 6, 3), rng), "inputs": (rng.standard_normal((5, 2)),)}
