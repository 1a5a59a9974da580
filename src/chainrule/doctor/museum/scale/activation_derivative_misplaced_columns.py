"""A multilayer perceptron with column vectors, sigmoid activations, and one delta per layer.

Symptom: learns, but much more slowly than it should; hidden units barely move.
Repair: `sigmoid_prime` expects the pre-activation z; it is given the activation.
"""
import numpy as np

CODES = ("activation-derivative-misplaced",)
PLACES = ("weights[0]", "weights.0", "weights[1]", "weights.1",
          "biases[0]", "biases.0", "biases[1]", "biases.1", "")


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def sigmoid_prime(z):
    return sigmoid(z) * (1.0 - sigmoid(z))


class Perceptron:
    def __init__(self, sizes, rng):
        self.sizes = sizes
        self.weights = [rng.normal(size=(n, m)) for m, n in zip(sizes[:-1], sizes[1:])]
        self.biases = [rng.normal(size=(n, 1)) for n in sizes[1:]]
        self.weights_gradients = [np.zeros_like(w) for w in self.weights]
        self.biases_gradients = [np.zeros_like(b) for b in self.biases]

    def forward(self, a):
        """a has one sample per column: (sizes[0], batch)."""
        self.zs, self.activations = [], [a]
        for w, b in zip(self.weights, self.biases):
            z = w @ a + b
            a = sigmoid(z)
            self.zs.append(z)
            self.activations.append(a)
        return a

    def backward(self, da):
        for l in reversed(range(len(self.weights))):
            delta = da * sigmoid_prime(self.activations[l + 1])  # FAULT
            self.weights_gradients[l] = delta @ self.activations[l].T
            self.biases_gradients[l] = delta.sum(axis=1, keepdims=True)
            da = self.weights[l].T @ delta
        return da


class PerceptronRepaired:
    def __init__(self, sizes, rng):
        self.sizes = sizes
        self.weights = [rng.normal(size=(n, m)) for m, n in zip(sizes[:-1], sizes[1:])]
        self.biases = [rng.normal(size=(n, 1)) for n in sizes[1:]]
        self.weights_gradients = [np.zeros_like(w) for w in self.weights]
        self.biases_gradients = [np.zeros_like(b) for b in self.biases]

    def forward(self, a):
        """a has one sample per column: (sizes[0], batch)."""
        self.zs, self.activations = [], [a]
        for w, b in zip(self.weights, self.biases):
            z = w @ a + b
            a = sigmoid(z)
            self.zs.append(z)
            self.activations.append(a)
        return a

    def backward(self, da):
        for l in reversed(range(len(self.weights))):
            delta = da * sigmoid_prime(self.zs[l])
            self.weights_gradients[l] = delta @ self.activations[l].T
            self.biases_gradients[l] = delta.sum(axis=1, keepdims=True)
            da = self.weights[l].T @ delta
        return da


def faulty():
    rng = np.random.default_rng(10)
    return {"subject": Perceptron([4, 5, 3, 2], rng), "inputs": (rng.normal(size=(4, 6)),)}


def correct():
    rng = np.random.default_rng(10)
    return {"subject": PerceptronRepaired([4, 5, 3, 2], rng), "inputs": (rng.normal(size=(4, 6)),)}
