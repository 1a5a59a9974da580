"""A network of seven sigmoid layers.

Symptom: only the last layers learn; the gradient shrinks by a constant factor with every layer.
Repair: tanh units, whose slope at zero is one.
"""
import numpy as np

CODES = ("gradient-vanishes", "single-class-collapse")
PLACES = ("weights", "weights.0", "weights.1", "W", "")


def squash(z):
    return 1.0 / (1.0 + np.exp(-z))  # FAULT


def squash_slope(a):
    return a * (1.0 - a)


class DeepClassifier:
    def __init__(self, sizes, rng):
        pairs = list(zip(sizes[:-1], sizes[1:]))
        self.weights = [rng.standard_normal(p) * np.sqrt(2.0 / sum(p)) for p in pairs]
        self.biases = [np.zeros(m) for _, m in pairs]

    def forward(self, x):
        self.activations = [x]
        for W, b in zip(self.weights[:-1], self.biases[:-1]):
            self.activations.append(squash(self.activations[-1] @ W + b))
        return self.activations[-1] @ self.weights[-1] + self.biases[-1]

    def backward(self, delta):
        self.grad_weights, self.grad_biases = [], []
        for k in range(len(self.weights) - 1, -1, -1):
            self.grad_weights.insert(0, self.activations[k].T @ delta)
            self.grad_biases.insert(0, delta.sum(axis=0))
            delta = delta @ self.weights[k].T
            if k:
                delta = delta * squash_slope(self.activations[k])
        return delta

    def train_on_batch(self, x, y, learning_rate):
        out = self.forward(x)
        out = out - out.max(axis=1, keepdims=True)
        p = np.exp(out) / np.exp(out).sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(y)), y]).mean()
        p[np.arange(len(y)), y] -= 1.0
        self.backward(p / len(y))
        for W, b, dW, db in zip(self.weights, self.biases, self.grad_weights, self.grad_biases):
            W -= learning_rate * dW
            b -= learning_rate * db
        return float(loss)


def squash_repaired(z):
    return np.tanh(z)


def squash_slope_repaired(a):
    return 1.0 - a * a


class DeepClassifierRepaired:
    def __init__(self, sizes, rng):
        pairs = list(zip(sizes[:-1], sizes[1:]))
        self.weights = [rng.standard_normal(p) * np.sqrt(2.0 / sum(p)) for p in pairs]
        self.biases = [np.zeros(m) for _, m in pairs]

    def forward(self, x):
        self.activations = [x]
        for W, b in zip(self.weights[:-1], self.biases[:-1]):
            self.activations.append(squash_repaired(self.activations[-1] @ W + b))
        return self.activations[-1] @ self.weights[-1] + self.biases[-1]

    def backward(self, delta):
        self.grad_weights, self.grad_biases = [], []
        for k in range(len(self.weights) - 1, -1, -1):
            self.grad_weights.insert(0, self.activations[k].T @ delta)
            self.grad_biases.insert(0, delta.sum(axis=0))
            delta = delta @ self.weights[k].T
            if k:
                delta = delta * squash_slope_repaired(self.activations[k])
        return delta

    def train_on_batch(self, x, y, learning_rate):
        out = self.forward(x)
        out = out - out.max(axis=1, keepdims=True)
        p = np.exp(out) / np.exp(out).sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(y)), y]).mean()
        p[np.arange(len(y)), y] -= 1.0
        self.backward(p / len(y))
        for W, b, dW, db in zip(self.weights, self.biases, self.grad_weights, self.grad_biases):
            W -= learning_rate * dW
            b -= learning_rate * db
        return float(loss)


def faulty():
    rng = np.random.default_rng(44)
    centers = rng.normal(size=(3, 13))
    y = rng.integers(3, size=200)
    x = centers[y] + 0.7 * rng.normal(size=(200, 13))
    model = DeepClassifier([13, 15, 14, 16, 14, 15, 14, 16, 3], rng)
    return {"training_check": True, "subject": model, "x": x[:150], "target": y[:150],
            "evaluation": (x[150:], y[150:]), "learning_rate": 0.1, "batch_size": 50, "steps": 60}


def correct():
    rng = np.random.default_rng(44)
    centers = rng.normal(size=(3, 13))
    y = rng.integers(3, size=200)
    x = centers[y] + 0.7 * rng.normal(size=(200, 13))
    model = DeepClassifierRepaired([13, 15, 14, 16, 14, 15, 14, 16, 3], rng)
    return {"training_check": True, "subject": model, "x": x[:150], "target": y[:150],
            "evaluation": (x[150:], y[150:]), "learning_rate": 0.1, "batch_size": 50, "steps": 60}
