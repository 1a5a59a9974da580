"""A ReLU network whose hidden biases start far below zero.

Symptom: most hidden units are zero for every sample; widening the layer does not help.
Repair: start the biases at zero.
"""
import numpy as np

CODES = ("dead-units", "single-class-collapse")
PLACES = ("fc1", "fc1.bias", "relu", "bias", "")


class Linear:
    def __init__(self, n_in, n_out, rng, gain, bias=0.0):
        self.weight = rng.normal(size=(n_out, n_in)) * gain / np.sqrt(n_in)
        self.bias = np.full(n_out, bias)

    def forward(self, x):
        self.x = x
        return x @ self.weight.T + self.bias

    def backward(self, dy):
        self.d_weight = dy.T @ self.x
        self.d_bias = dy.sum(axis=0)
        return dy @ self.weight


class ReLU:
    def forward(self, x):
        self.y = np.maximum(x, 0)
        return self.y

    def backward(self, dy):
        return np.where(self.y > 0, dy, 0.0)


class Classifier:
    def __init__(self, rng):
        self.fc1 = Linear(8, 32, rng, gain=1.4, bias=-6.0)  # FAULT
        self.relu = ReLU()
        self.fc2 = Linear(32, 3, rng, gain=0.7)

    def layers(self):
        return [self.fc1, self.relu, self.fc2]

    def forward(self, x):
        for layer in self.layers():
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in reversed(self.layers()):
            dy = layer.backward(dy)
        return dy


class SGD:
    def __init__(self, model, lr):
        self.model, self.lr = model, lr

    def step(self):
        for layer in (self.model.fc1, self.model.fc2):
            layer.weight -= self.lr * layer.d_weight
            layer.bias -= self.lr * layer.d_bias


class LinearRepaired:
    def __init__(self, n_in, n_out, rng, gain, bias=0.0):
        self.weight = rng.normal(size=(n_out, n_in)) * gain / np.sqrt(n_in)
        self.bias = np.full(n_out, bias)

    def forward(self, x):
        self.x = x
        return x @ self.weight.T + self.bias

    def backward(self, dy):
        self.d_weight = dy.T @ self.x
        self.d_bias = dy.sum(axis=0)
        return dy @ self.weight


class ReLURepaired:
    def forward(self, x):
        self.y = np.maximum(x, 0)
        return self.y

    def backward(self, dy):
        return np.where(self.y > 0, dy, 0.0)


class ClassifierRepaired:
    def __init__(self, rng):
        self.fc1 = LinearRepaired(8, 32, rng, gain=1.4, bias=0.0)
        self.relu = ReLURepaired()
        self.fc2 = LinearRepaired(32, 3, rng, gain=0.7)

    def layers(self):
        return [self.fc1, self.relu, self.fc2]

    def forward(self, x):
        for layer in self.layers():
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in reversed(self.layers()):
            dy = layer.backward(dy)
        return dy


class SGD_REPAIRED:
    def __init__(self, model, lr):
        self.model, self.lr = model, lr

    def step(self):
        for layer in (self.model.fc1, self.model.fc2):
            layer.weight -= self.lr * layer.d_weight
            layer.bias -= self.lr * layer.d_bias


def cross_entropy(z, y):
    z = z - z.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]))


def cross_entropy_grad(z, y):
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    return p / len(y)


def faulty():
    rng = np.random.default_rng(48)
    centers = 1.2 * rng.normal(size=(3, 8))
    y = rng.integers(3, size=210)
    x = centers[y] + 0.7 * rng.normal(size=(210, 8))
    model = Classifier(rng)
    return {"training_check": True, "subject": model, "x": x[:150], "target": y[:150],
            "optimizer": SGD(model, 0.05), "loss": (cross_entropy, cross_entropy_grad),
            "evaluation": (x[150:], y[150:]), "learning_rate": 0.05, "batch_size": 30, "steps": 50}


def correct():
    rng = np.random.default_rng(48)
    centers = 1.2 * rng.normal(size=(3, 8))
    y = rng.integers(3, size=210)
    x = centers[y] + 0.7 * rng.normal(size=(210, 8))
    model = ClassifierRepaired(rng)
    return {"training_check": True, "subject": model, "x": x[:150], "target": y[:150],
            "optimizer": SGD_REPAIRED(model, 0.05), "loss": (cross_entropy, cross_entropy_grad),
            "evaluation": (x[150:], y[150:]), "learning_rate": 0.05, "batch_size": 30, "steps": 50}
