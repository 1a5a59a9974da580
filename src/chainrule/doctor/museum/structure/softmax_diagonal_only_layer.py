"""A softmax layer written next to sigmoid and tanh, with a derivative of the same kind.

Symptom: right with cross-entropy computed at the logits, wrong with every other loss.
Repair: multiply by the whole Jacobian, diag(p) - p p^T.
"""
import numpy as np

CODES = ("softmax-diagonal-only",)
PLACES = ("layers.1", "layers.0.weights", "layers.0.bias", "layers.0", "weights", "bias", "x", "")


class Linear:
    def __init__(self, n_inputs, n_outputs, rng):
        self.weights = rng.normal(scale=0.8, size=(n_inputs, n_outputs))
        self.bias = np.zeros(n_outputs)
        self.gradients = {}

    def forward(self, x):
        self.inputs = x
        return x @ self.weights + self.bias

    def backward(self, grad):
        self.gradients["weights"] = self.inputs.T @ grad
        self.gradients["bias"] = grad.sum(axis=0)
        return grad @ self.weights.T


class Softmax:
    def forward(self, z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        self.output = e / e.sum(axis=1, keepdims=True)
        return self.output

    def backward(self, grad):
        s = self.output
        return grad * s * (1.0 - s)  # FAULT


class Classifier:
    def __init__(self, n_inputs, n_classes, rng):
        self.layers = [Linear(n_inputs, n_classes, rng), Softmax()]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad


class SoftmaxRepaired:
    def forward(self, z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        self.output = e / e.sum(axis=1, keepdims=True)
        return self.output

    def backward(self, grad):
        s = self.output
        return s * (grad - (grad * s).sum(axis=1, keepdims=True))


class ClassifierRepaired:
    def __init__(self, n_inputs, n_classes, rng):
        self.layers = [Linear(n_inputs, n_classes, rng), SoftmaxRepaired()]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad


def brier(probabilities, target):
    return float(np.sum((probabilities - target) ** 2) / len(target))


def brier_gradient(probabilities, target):
    return 2.0 * (probabilities - target) / len(target)


def faulty():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(7, 3))
    target = np.eye(4)[rng.integers(0, 4, size=7)]
    model = Classifier(3, 4, rng)
    return {"subject": model, "inputs": (x,), "loss": (brier, brier_gradient), "target": target}


def correct():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(7, 3))
    target = np.eye(4)[rng.integers(0, 4, size=7)]
    model = ClassifierRepaired(3, 4, rng)
    return {"subject": model, "inputs": (x,), "loss": (brier, brier_gradient), "target": target}
