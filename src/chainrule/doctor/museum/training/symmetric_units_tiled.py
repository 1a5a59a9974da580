"""A regression network whose first weight is one random column repeated for every unit.

Symptom: widening the hidden layer changes nothing.
Repair: draw a full matrix.
"""
import numpy as np

CODES = ("symmetric-units",)
PLACES = ("W1", "params.W1", "")


def initialize(n_in, n_hidden, seed):
    rng = np.random.default_rng(seed)
    scale = 1.0 / np.sqrt(n_in)
    return {
        "W1": np.tile(scale * rng.standard_normal((n_in, 1)), (1, n_hidden)),  # FAULT
        "b1": np.full(n_hidden, 0.1),
        "W2": np.full((n_hidden, 1), 0.15),  # FAULT
        "b2": np.zeros(1),
    }


class ReluRegression:
    def __init__(self, n_in, n_hidden, seed=0):
        self.params = initialize(n_in, n_hidden, seed)
        self.grads = {}

    def forward(self, x):
        p = self.params
        z = x @ p["W1"] + p["b1"]
        a = np.maximum(z, 0)
        self.cache = (x, z, a)
        return a @ p["W2"] + p["b2"]

    def backward(self, dout):
        x, z, a = self.cache
        p, g = self.params, self.grads
        g["W2"], g["b2"] = a.T @ dout, dout.sum(0)
        dz = dout @ p["W2"].T * (z > 0)
        g["W1"], g["b1"] = x.T @ dz, dz.sum(0)
        return dz @ p["W1"].T


class SGD:
    def __init__(self, lr):
        self.lr = lr

    def step(self, params, grads):
        for k in params:
            params[k] -= self.lr * grads[k]


def initialize_repaired(n_in, n_hidden, seed):
    rng = np.random.default_rng(seed)
    scale = 1.0 / np.sqrt(n_in)
    return {
        "W1": scale * rng.standard_normal((n_in, n_hidden)),
        "b1": np.full(n_hidden, 0.1),
        "W2": rng.standard_normal((n_hidden, 1)) / np.sqrt(n_hidden),
        "b2": np.zeros(1),
    }


class ReluRegressionRepaired:
    def __init__(self, n_in, n_hidden, seed=0):
        self.params = initialize_repaired(n_in, n_hidden, seed)
        self.grads = {}

    def forward(self, x):
        p = self.params
        z = x @ p["W1"] + p["b1"]
        a = np.maximum(z, 0)
        self.cache = (x, z, a)
        return a @ p["W2"] + p["b2"]

    def backward(self, dout):
        x, z, a = self.cache
        p, g = self.params, self.grads
        g["W2"], g["b2"] = a.T @ dout, dout.sum(0)
        dz = dout @ p["W2"].T * (z > 0)
        g["W1"], g["b1"] = x.T @ dz, dz.sum(0)
        return dz @ p["W1"].T


class SGD_REPAIRED:
    def __init__(self, lr):
        self.lr = lr

    def step(self, params, grads):
        for k in params:
            params[k] -= self.lr * grads[k]


def half_mse(y, t):
    return float(0.5 * np.mean((y - t) ** 2))


def half_mse_gradient(y, t):
    return (y - t) / y.size


def faulty():
    rng = np.random.default_rng(25)
    x = rng.normal(size=(180, 5))
    t = np.abs(x[:, :1]) - np.abs(x[:, 1:2]) + 0.5 * x[:, 2:3]
    return {"training_check": True, "subject": ReluRegression(5, 18, seed=3), "x": x[:140], "target": t[:140],
            "optimizer": SGD(0.05), "loss": (half_mse, half_mse_gradient), "evaluation": (x[140:], t[140:]),
            "learning_rate": 0.05, "batch_size": 35, "steps": 80}


def correct():
    rng = np.random.default_rng(25)
    x = rng.normal(size=(180, 5))
    t = np.abs(x[:, :1]) - np.abs(x[:, 1:2]) + 0.5 * x[:, 2:3]
    return {"training_check": True, "subject": ReluRegressionRepaired(5, 18, seed=3), "x": x[:140],
            "target": t[:140],
            "optimizer": SGD_REPAIRED(0.05), "loss": (half_mse, half_mse_gradient),
            "evaluation": (x[140:], t[140:]),
            "learning_rate": 0.05, "batch_size": 35, "steps": 80}
