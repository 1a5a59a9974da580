"""A sigmoid network with weights drawn between 0 and 1, so that every hidden unit is saturated.

Symptom: one class for every image; the hidden activations are all 1.
Repair: draw around zero, with a width that goes with the fan-in.
"""
import numpy as np

CODES = ("single-class-collapse",)
PLACES = ("W1", "params.W1", "W2", "params.W2", "")


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


class ImageClassifier:
    def __init__(self, n_pixels, n_hidden, n_classes, rng):
        self.params = {}
        sizes = [n_pixels, n_hidden, n_hidden, n_classes]
        for i in range(3):
            self.params["W%d" % (i + 1)] = rng.random((sizes[i], sizes[i + 1]))  # FAULT
            self.params["b%d" % (i + 1)] = np.zeros(sizes[i + 1])
        self.grads = {}

    def forward(self, x):
        p = self.params
        self.x = x
        self.h1 = sigmoid(x @ p["W1"] + p["b1"])
        self.h2 = sigmoid(self.h1 @ p["W2"] + p["b2"])
        return self.h2 @ p["W3"] + p["b3"]

    def backward(self, dscores):
        p, g = self.params, self.grads
        g["W3"] = self.h2.T @ dscores
        g["b3"] = dscores.sum(axis=0)
        dz2 = dscores @ p["W3"].T * self.h2 * (1 - self.h2)
        g["W2"] = self.h1.T @ dz2
        g["b2"] = dz2.sum(axis=0)
        dz1 = dz2 @ p["W2"].T * self.h1 * (1 - self.h1)
        g["W1"] = self.x.T @ dz1
        g["b1"] = dz1.sum(axis=0)
        return dz1 @ p["W1"].T

    def train_step(self, x, target, learning_rate):
        scores = self.forward(x)
        scores = scores - scores.max(axis=1, keepdims=True)
        log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        onehot = np.eye(scores.shape[1])[target]
        self.backward((np.exp(log_p) - onehot) / len(x))
        for name in self.params:
            self.params[name] -= learning_rate * self.grads[name]
        return float(-np.sum(onehot * log_p) / len(x))


class ImageClassifierRepaired:
    def __init__(self, n_pixels, n_hidden, n_classes, rng):
        self.params = {}
        sizes = [n_pixels, n_hidden, n_hidden, n_classes]
        for i in range(3):
            limit = np.sqrt(6.0 / (sizes[i] + sizes[i + 1])) * (3.0 if i < 2 else 1.0)
            self.params["W%d" % (i + 1)] = rng.uniform(-limit, limit, (sizes[i], sizes[i + 1]))
            self.params["b%d" % (i + 1)] = np.zeros(sizes[i + 1])
        self.grads = {}

    def forward(self, x):
        p = self.params
        self.x = x
        self.h1 = sigmoid(x @ p["W1"] + p["b1"])
        self.h2 = sigmoid(self.h1 @ p["W2"] + p["b2"])
        return self.h2 @ p["W3"] + p["b3"]

    def backward(self, dscores):
        p, g = self.params, self.grads
        g["W3"] = self.h2.T @ dscores
        g["b3"] = dscores.sum(axis=0)
        dz2 = dscores @ p["W3"].T * self.h2 * (1 - self.h2)
        g["W2"] = self.h1.T @ dz2
        g["b2"] = dz2.sum(axis=0)
        dz1 = dz2 @ p["W2"].T * self.h1 * (1 - self.h1)
        g["W1"] = self.x.T @ dz1
        g["b1"] = dz1.sum(axis=0)
        return dz1 @ p["W1"].T

    def train_step(self, x, target, learning_rate):
        scores = self.forward(x)
        scores = scores - scores.max(axis=1, keepdims=True)
        log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        onehot = np.eye(scores.shape[1])[target]
        self.backward((np.exp(log_p) - onehot) / len(x))
        for name in self.params:
            self.params[name] -= learning_rate * self.grads[name]
        return float(-np.sum(onehot * log_p) / len(x))


def blocks(n, seed):
    """Images of 7 x 7 gray values between 0 and 1, one of three bright regions."""
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=n)
    x = 0.3 * rng.random((n, 7, 7))
    for i, k in enumerate(y):
        x[i, :, 2 * k + 1:2 * k + 3] += 0.7
    return x.reshape(n, 49), y


def faulty():
    x, y = blocks(200, seed=33)
    model = ImageClassifier(49, 16, 3, np.random.default_rng(34))
    return {"training_check": True, "subject": model, "x": x[:150], "target": y[:150],
            "evaluation": (x[150:], y[150:]), "learning_rate": 0.3, "batch_size": 50, "steps": 100}


def correct():
    x, y = blocks(200, seed=33)
    model = ImageClassifierRepaired(49, 16, 3, np.random.default_rng(34))
    return {"training_check": True, "subject": model, "x": x[:150], "target": y[:150],
            "evaluation": (x[150:], y[150:]), "learning_rate": 0.3, "batch_size": 50, "steps": 100}
