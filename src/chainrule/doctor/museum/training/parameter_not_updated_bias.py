"""A perceptron whose update loop forgets the hidden bias.

Symptom: the fit misses a constant; every gradient check passes.
Repair: update all four arrays.
"""
import numpy as np

CODES = ("parameter-not-updated",)
PLACES = ("hidden_bias",)


class Regressor:
    """One hidden layer, squared error; written after a textbook."""

    def __init__(self, n_in, n_hidden, seed):
        rng = np.random.RandomState(seed)
        self.hidden_weights = rng.randn(n_hidden, n_in) / np.sqrt(n_in)
        self.hidden_bias = rng.randn(n_hidden, 1) * 0.3
        self.output_weights = rng.randn(1, n_hidden) / np.sqrt(n_hidden)
        self.output_bias = rng.randn(1, 1) * 0.1

    def forward(self, x):
        self.x = x.T
        self.a = np.tanh(np.dot(self.hidden_weights, self.x) + self.hidden_bias)
        return (np.dot(self.output_weights, self.a) + self.output_bias).T

    def backward(self, dy):
        delta2 = dy.T
        self.d_output_weights = np.dot(delta2, self.a.T)
        self.d_output_bias = delta2.sum(axis=1, keepdims=True)
        delta1 = np.dot(self.output_weights.T, delta2) * (1 - np.square(self.a))
        self.d_hidden_weights = np.dot(delta1, self.x.T)
        self.d_hidden_bias = delta1.sum(axis=1, keepdims=True)
        return np.dot(self.hidden_weights.T, delta1).T

    def train_step(self, x, target, learning_rate):
        y = self.forward(x)
        error = y - target
        self.backward(2 * error / error.size)
        for name in ("hidden_weights", "output_weights", "output_bias"):  # FAULT
            array = getattr(self, name)
            array -= learning_rate * getattr(self, "d_" + name)
        return float(np.mean(error ** 2))


class RegressorRepaired:
    """One hidden layer, squared error; written after a textbook."""

    def __init__(self, n_in, n_hidden, seed):
        rng = np.random.RandomState(seed)
        self.hidden_weights = rng.randn(n_hidden, n_in) / np.sqrt(n_in)
        self.hidden_bias = rng.randn(n_hidden, 1) * 0.3
        self.output_weights = rng.randn(1, n_hidden) / np.sqrt(n_hidden)
        self.output_bias = rng.randn(1, 1) * 0.1

    def forward(self, x):
        self.x = x.T
        self.a = np.tanh(np.dot(self.hidden_weights, self.x) + self.hidden_bias)
        return (np.dot(self.output_weights, self.a) + self.output_bias).T

    def backward(self, dy):
        delta2 = dy.T
        self.d_output_weights = np.dot(delta2, self.a.T)
        self.d_output_bias = delta2.sum(axis=1, keepdims=True)
        delta1 = np.dot(self.output_weights.T, delta2) * (1 - np.square(self.a))
        self.d_hidden_weights = np.dot(delta1, self.x.T)
        self.d_hidden_bias = delta1.sum(axis=1, keepdims=True)
        return np.dot(self.hidden_weights.T, delta1).T

    def train_step(self, x, target, learning_rate):
        y = self.forward(x)
        error = y - target
        self.backward(2 * error / error.size)
        for name in ("hidden_weights", "hidden_bias", "output_weights", "output_bias"):
            array = getattr(self, name)
            array -= learning_rate * getattr(self, "d_" + name)
        return float(np.mean(error ** 2))


def faulty():
    rng = np.random.default_rng(13)
    x = rng.uniform(-2, 2, size=(160, 3))
    y = np.sin(x[:, :1] + 0.8) + 0.3 * x[:, 1:2] * x[:, 2:]
    return {"training_check": True, "subject": Regressor(3, 14, seed=7), "x": x[:128], "target": y[:128],
            "evaluation": (x[128:], y[128:]), "learning_rate": 0.02, "batch_size": 32, "steps": 60}


def correct():
    rng = np.random.default_rng(13)
    x = rng.uniform(-2, 2, size=(160, 3))
    y = np.sin(x[:, :1] + 0.8) + 0.3 * x[:, 1:2] * x[:, 2:]
    return {"training_check": True, "subject": RegressorRepaired(3, 14, seed=7), "x": x[:128],
            "target": y[:128],
            "evaluation": (x[128:], y[128:]), "learning_rate": 0.02, "batch_size": 32, "steps": 60}
