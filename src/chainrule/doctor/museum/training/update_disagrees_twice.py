"""Linear regression whose optimizer divides by the batch size a second time.

Symptom: training crawls, and the best learning rate grows with the batch size.
Repair: the gradient is already a mean over the batch; step by lr times the gradient.
"""
import numpy as np

CODES = ("update-disagrees",)
PLACES = ("weights", "bias", "")


def make_regression(n, features, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, features))
    slope = rng.normal(size=(features, 1))
    return x, x @ slope + 0.4 + 0.1 * rng.normal(size=(n, 1))


class LinearRegression:
    def __init__(self, n_features, rng):
        self.params = {"weights": rng.normal(size=(n_features, 1)) * 0.6, "bias": np.zeros((1, 1))}
        self.grads = {}

    def forward(self, x):
        self.x = x
        return x @ self.params["weights"] + self.params["bias"]

    def backward(self, dout):
        self.grads["weights"] = self.x.T @ dout
        self.grads["bias"] = dout.sum(axis=0, keepdims=True)
        return dout @ self.params["weights"].T


class BatchSGD:
    """Stochastic gradient descent over the params and grads dicts of a model."""

    def __init__(self, model, lr, batch_size):
        self.model = model
        self.lr = lr
        self.batch_size = batch_size

    def step(self):
        for name, grad in self.model.grads.items():
            self.model.params[name] -= self.lr / self.batch_size * grad  # FAULT


class LinearRegressionRepaired:
    def __init__(self, n_features, rng):
        self.params = {"weights": rng.normal(size=(n_features, 1)) * 0.6, "bias": np.zeros((1, 1))}
        self.grads = {}

    def forward(self, x):
        self.x = x
        return x @ self.params["weights"] + self.params["bias"]

    def backward(self, dout):
        self.grads["weights"] = self.x.T @ dout
        self.grads["bias"] = dout.sum(axis=0, keepdims=True)
        return dout @ self.params["weights"].T


class BatchSGDRepaired:
    """Stochastic gradient descent over the params and grads dicts of a model."""

    def __init__(self, model, lr, batch_size):
        self.model = model
        self.lr = lr
        self.batch_size = batch_size

    def step(self):
        for name, grad in self.model.grads.items():
            self.model.params[name] -= self.lr * grad


def mse(output, target):
    return float(np.mean((output - target) ** 2))


def mse_gradient(output, target):
    return 2.0 * (output - target) / output.size


def faulty():
    x, y = make_regression(120, 7, seed=3)
    model = LinearRegression(7, np.random.default_rng(4))
    optimizer = BatchSGD(model, lr=0.015, batch_size=24)
    return {"training_check": True, "subject": model, "x": x, "target": y, "optimizer": optimizer,
            "loss": (mse, mse_gradient), "learning_rate": 0.015, "batch_size": 24, "steps": 80}


def correct():
    x, y = make_regression(120, 7, seed=3)
    model = LinearRegressionRepaired(7, np.random.default_rng(4))
    optimizer = BatchSGDRepaired(model, lr=0.015, batch_size=24)
    return {"training_check": True, "subject": model, "x": x, "target": y, "optimizer": optimizer,
            "loss": (mse, mse_gradient), "learning_rate": 0.015, "batch_size": 24, "steps": 80}
