"""A deep tanh network whose weights are drawn from a normal distribution of width 0.01.

Symptom: the same class for every input, the loss stays at ln C.
Repair: Glorot's rule.
"""
import numpy as np

CODES = ("single-class-collapse", "gradient-vanishes")
PLACES = ("layers.0", "layers.1", "layers.2", "layers.3", "layers.4", "layers", "weights", "")


class FullyConnected:
    def __init__(self, n_in, n_out, rng):
        self.weights = rng.normal(0, 0.01, size=(n_out, n_in))  # FAULT
        self.biases = np.zeros((n_out, 1))

    def forward(self, x):
        self.x = x
        return np.dot(self.weights, x) + self.biases

    def backward(self, delta):
        self.weights_gradient = np.dot(delta, self.x.T)
        self.biases_gradient = np.sum(delta, axis=1, keepdims=True)
        return np.dot(self.weights.T, delta)


class DeepNet:
    """Four hidden layers of tanh units. Takes rows, works with columns."""

    def __init__(self, sizes, seed):
        rng = np.random.default_rng(seed)
        self.layers = [FullyConnected(n, m, rng) for n, m in zip(sizes, sizes[1:])]

    def forward(self, x):
        a = x.T
        self.outputs = []
        for layer in self.layers[:-1]:
            a = np.tanh(layer.forward(a))
            self.outputs.append(a)
        return self.layers[-1].forward(a).T

    def backward(self, dlogits):
        delta = self.layers[-1].backward(dlogits.T)
        for layer, a in zip(reversed(self.layers[:-1]), reversed(self.outputs)):
            delta = layer.backward(delta * (1 - a * a))
        return delta.T

    def step(self, x, target, learning_rate):
        logits = self.forward(x)
        exp = np.exp(logits - logits.max(axis=1, keepdims=True))
        p = exp / exp.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(x)), target]).mean()
        p[np.arange(len(x)), target] -= 1
        self.backward(p / len(x))
        for layer in self.layers:
            layer.weights -= learning_rate * layer.weights_gradient
            layer.biases -= learning_rate * layer.biases_gradient
        return float(loss)


class FullyConnectedRepaired:
    def __init__(self, n_in, n_out, rng):
        self.weights = rng.normal(0, np.sqrt(2.0 / (n_in + n_out)), size=(n_out, n_in))
        self.biases = np.zeros((n_out, 1))

    def forward(self, x):
        self.x = x
        return np.dot(self.weights, x) + self.biases

    def backward(self, delta):
        self.weights_gradient = np.dot(delta, self.x.T)
        self.biases_gradient = np.sum(delta, axis=1, keepdims=True)
        return np.dot(self.weights.T, delta)


class DeepNetRepaired:
    """Four hidden layers of tanh units. Takes rows, works with columns."""

    def __init__(self, sizes, seed):
        rng = np.random.default_rng(seed)
        self.layers = [FullyConnectedRepaired(n, m, rng) for n, m in zip(sizes, sizes[1:])]

    def forward(self, x):
        a = x.T
        self.outputs = []
        for layer in self.layers[:-1]:
            a = np.tanh(layer.forward(a))
            self.outputs.append(a)
        return self.layers[-1].forward(a).T

    def backward(self, dlogits):
        delta = self.layers[-1].backward(dlogits.T)
        for layer, a in zip(reversed(self.layers[:-1]), reversed(self.outputs)):
            delta = layer.backward(delta * (1 - a * a))
        return delta.T

    def step(self, x, target, learning_rate):
        logits = self.forward(x)
        exp = np.exp(logits - logits.max(axis=1, keepdims=True))
        p = exp / exp.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(x)), target]).mean()
        p[np.arange(len(x)), target] -= 1
        self.backward(p / len(x))
        for layer in self.layers:
            layer.weights -= learning_rate * layer.weights_gradient
            layer.biases -= learning_rate * layer.biases_gradient
        return float(loss)


def images(n, seed):
    rng = np.random.default_rng(seed)
    prototypes = rng.normal(size=(4, 25))
    label = rng.integers(4, size=n)
    return prototypes[label] + 0.8 * rng.normal(size=(n, 25)), label


def faulty():
    x, y = images(240, seed=31)
    return {"training_check": True, "subject": DeepNet([25, 20, 18, 16, 14, 4], seed=32), "x": x[:180],
            "target": y[:180], "evaluation": (x[180:], y[180:]), "learning_rate": 0.1, "batch_size": 45,
            "steps": 60}


def correct():
    x, y = images(240, seed=31)
    return {"training_check": True, "subject": DeepNetRepaired([25, 20, 18, 16, 14, 4], seed=32),
            "x": x[:180],
            "target": y[:180], "evaluation": (x[180:], y[180:]), "learning_rate": 0.1, "batch_size": 45,
            "steps": 60}
