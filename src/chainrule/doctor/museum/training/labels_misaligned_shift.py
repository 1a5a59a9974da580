"""A table whose first line is skipped for the inputs but not for the labels.

Symptom: no better than guessing on new rows, whatever the model.
Repair: skip the line on both sides.
"""
import numpy as np

CODES = ("labels-misaligned",)
PLACES = ("target", "x", "")


def make_table(n, seed):
    """Nine readings and the label in the last column."""
    rng = np.random.default_rng(seed)
    label = rng.integers(2, size=n)
    shift = np.array([0.9, -0.8, 0.7, 0.6, 0, -0.5, 0.8, 0, -0.7])
    readings = rng.normal(size=(n, 9)) + np.outer(label - 0.5, 1.6 * shift)
    return np.column_stack([readings, label])


def read_table(table):
    inputs = table[1:, :-1]
    labels = table[:-1, -1].astype(int)  # FAULT
    return inputs, labels


class BinaryNet:
    """One hidden layer, a single sigmoid output, binary cross entropy."""

    def __init__(self, n_in, n_hidden, rng):
        self.layers = [
            {"W": rng.normal(size=(n_in, n_hidden)) / np.sqrt(n_in), "b": np.zeros(n_hidden)},
            {"W": rng.normal(size=(n_hidden, 1)) / np.sqrt(n_hidden), "b": np.zeros(1)},
        ]

    def forward(self, x):
        first, second = self.layers
        self.x = x
        self.a = np.tanh(x @ first["W"] + first["b"])
        return (self.a @ second["W"] + second["b"])[:, 0]

    def backward(self, dz):
        first, second = self.layers
        dz = dz[:, None]
        second["dW"], second["db"] = self.a.T @ dz, dz.sum(axis=0)
        da = dz @ second["W"].T * (1 - self.a ** 2)
        first["dW"], first["db"] = self.x.T @ da, da.sum(axis=0)
        return da @ first["W"].T

    def predict(self, x):
        return 1 / (1 + np.exp(-self.forward(x)))

    def fit_batch(self, x, y, learning_rate):
        z = self.forward(x)
        loss = np.mean(np.logaddexp(0, z) - y * z)
        self.backward((1 / (1 + np.exp(-z)) - y) / len(y))
        for layer in self.layers:
            layer["W"] -= learning_rate * layer["dW"]
            layer["b"] -= learning_rate * layer["db"]
        return float(loss)


def read_table_repaired(table):
    inputs = table[1:, :-1]
    labels = table[1:, -1].astype(int)
    return inputs, labels


class BinaryNetRepaired:
    """One hidden layer, a single sigmoid output, binary cross entropy."""

    def __init__(self, n_in, n_hidden, rng):
        self.layers = [
            {"W": rng.normal(size=(n_in, n_hidden)) / np.sqrt(n_in), "b": np.zeros(n_hidden)},
            {"W": rng.normal(size=(n_hidden, 1)) / np.sqrt(n_hidden), "b": np.zeros(1)},
        ]

    def forward(self, x):
        first, second = self.layers
        self.x = x
        self.a = np.tanh(x @ first["W"] + first["b"])
        return (self.a @ second["W"] + second["b"])[:, 0]

    def backward(self, dz):
        first, second = self.layers
        dz = dz[:, None]
        second["dW"], second["db"] = self.a.T @ dz, dz.sum(axis=0)
        da = dz @ second["W"].T * (1 - self.a ** 2)
        first["dW"], first["db"] = self.x.T @ da, da.sum(axis=0)
        return da @ first["W"].T

    def predict(self, x):
        return 1 / (1 + np.exp(-self.forward(x)))

    def fit_batch(self, x, y, learning_rate):
        z = self.forward(x)
        loss = np.mean(np.logaddexp(0, z) - y * z)
        self.backward((1 / (1 + np.exp(-z)) - y) / len(y))
        for layer in self.layers:
            layer["W"] -= learning_rate * layer["dW"]
            layer["b"] -= learning_rate * layer["db"]
        return float(loss)


def faulty():
    x, y = read_table(make_table(241, seed=62))
    held_out = make_table(80, seed=76)
    return {"training_check": True, "subject": BinaryNet(9, 26, np.random.default_rng(77)), "x": x,
            "target": y,
            "evaluation": (held_out[:, :-1], held_out[:, -1].astype(int)), "learning_rate": 0.2,
            "batch_size": 40, "steps": 80}


def correct():
    x, y = read_table_repaired(make_table(241, seed=62))
    held_out = make_table(80, seed=76)
    return {"training_check": True, "subject": BinaryNetRepaired(9, 26, np.random.default_rng(77)),
            "x": x, "target": y,
            "evaluation": (held_out[:, :-1], held_out[:, -1].astype(int)), "learning_rate": 0.2,
            "batch_size": 40, "steps": 80}
