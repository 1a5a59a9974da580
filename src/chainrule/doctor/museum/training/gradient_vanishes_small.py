"""A ten-layer regression network whose author divided by the fan-in and not by its root.

Symptom: the network predicts the mean of the targets, the first layers do not move at all.
Repair: divide by the root of the fan-in.
"""
import numpy as np

CODES = ("gradient-vanishes",)
PLACES = ("layers", "layers.0", "layers.1", "layers.2", "")


def dense_layer(n_in, n_out, rng):
    scale = 1.0 / n_in  # FAULT
    return {"W": scale * rng.normal(size=(n_in, n_out)), "b": np.zeros(n_out), "dW": None, "db": None}


class TenLayers:
    def __init__(self, n_in, width, rng):
        sizes = [n_in] + [width] * 9 + [1]
        self.layers = [dense_layer(n, m, rng) for n, m in zip(sizes[:-1], sizes[1:])]

    def forward(self, x):
        self.h = [x]
        for i, layer in enumerate(self.layers):
            z = self.h[-1] @ layer["W"] + layer["b"]
            self.h.append(np.tanh(z) if i < len(self.layers) - 1 else z)
        return self.h[-1]

    def backward(self, d):
        for i in range(len(self.layers) - 1, -1, -1):
            layer = self.layers[i]
            if i < len(self.layers) - 1:
                d = d * (1 - self.h[i + 1] ** 2)
            layer["dW"] = self.h[i].T @ d
            layer["db"] = d.sum(axis=0)
            d = d @ layer["W"].T
        return d

    def train_step(self, x, target, learning_rate):
        error = self.forward(x) - target
        self.backward(2 * error / error.size)
        for layer in self.layers:
            layer["W"] -= learning_rate * layer["dW"]
            layer["b"] -= learning_rate * layer["db"]
        return float(np.mean(error ** 2))


def dense_layer_repaired(n_in, n_out, rng):
    scale = 1.0 / np.sqrt(n_in)
    return {"W": scale * rng.normal(size=(n_in, n_out)), "b": np.zeros(n_out), "dW": None, "db": None}


class TenLayersRepaired:
    def __init__(self, n_in, width, rng):
        sizes = [n_in] + [width] * 9 + [1]
        self.layers = [dense_layer_repaired(n, m, rng) for n, m in zip(sizes[:-1], sizes[1:])]

    def forward(self, x):
        self.h = [x]
        for i, layer in enumerate(self.layers):
            z = self.h[-1] @ layer["W"] + layer["b"]
            self.h.append(np.tanh(z) if i < len(self.layers) - 1 else z)
        return self.h[-1]

    def backward(self, d):
        for i in range(len(self.layers) - 1, -1, -1):
            layer = self.layers[i]
            if i < len(self.layers) - 1:
                d = d * (1 - self.h[i + 1] ** 2)
            layer["dW"] = self.h[i].T @ d
            layer["db"] = d.sum(axis=0)
            d = d @ layer["W"].T
        return d

    def train_step(self, x, target, learning_rate):
        error = self.forward(x) - target
        self.backward(2 * error / error.size)
        for layer in self.layers:
            layer["W"] -= learning_rate * layer["dW"]
            layer["b"] -= learning_rate * layer["db"]
        return float(np.mean(error ** 2))


def faulty():
    rng = np.random.default_rng(47)
    x = rng.normal(size=(150, 6))
    t = np.tanh(x[:, :1] - x[:, 1:2]) + 0.5 * x[:, 2:3]
    return {"training_check": True, "subject": TenLayers(6, 12, rng), "x": x[:120], "target": t[:120],
            "evaluation": (x[120:], t[120:]), "learning_rate": 0.02, "batch_size": 30, "steps": 80}


def correct():
    rng = np.random.default_rng(47)
    x = rng.normal(size=(150, 6))
    t = np.tanh(x[:, :1] - x[:, 1:2]) + 0.5 * x[:, 2:3]
    return {"training_check": True, "subject": TenLayersRepaired(6, 12, rng), "x": x[:120], "target": t[:120],
            "evaluation": (x[120:], t[120:]), "learning_rate": 0.02, "batch_size": 30, "steps": 80}
