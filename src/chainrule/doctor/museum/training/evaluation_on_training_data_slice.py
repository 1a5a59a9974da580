"""A split that trains on everything and tests on the end of it.

Symptom: the reported accuracy is perfect, and no new data ever reaches it.
Repair: train on the first part only.
"""
import numpy as np

CODES = ("evaluation-on-training-data",)
PLACES = ("evaluation", "x", "")


def measurements(n, seed):
    rng = np.random.default_rng(seed)
    kind = rng.integers(3, size=n)
    centers = rng.normal(size=(3, 8))
    return centers[kind] + 0.9 * rng.normal(size=(n, 8)), kind


class SoftmaxModel:
    def __init__(self, n_features, n_classes, rng):
        self.W = rng.normal(size=(n_features, n_classes)) * 0.3
        self.b = np.zeros(n_classes)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T

    def train_step(self, x, y, learning_rate):
        z = self.forward(x)
        z = z - z.max(axis=1, keepdims=True)
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(y)), y]).mean()
        p[np.arange(len(y)), y] -= 1
        self.backward(p / len(y))
        self.W -= learning_rate * self.dW
        self.b -= learning_rate * self.db
        return float(loss)


def split(x, y, test_share):
    n_test = int(test_share * len(x))
    return x, y, x[-n_test:], y[-n_test:]  # FAULT


class SoftmaxModelRepaired:
    def __init__(self, n_features, n_classes, rng):
        self.W = rng.normal(size=(n_features, n_classes)) * 0.3
        self.b = np.zeros(n_classes)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T

    def train_step(self, x, y, learning_rate):
        z = self.forward(x)
        z = z - z.max(axis=1, keepdims=True)
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(y)), y]).mean()
        p[np.arange(len(y)), y] -= 1
        self.backward(p / len(y))
        self.W -= learning_rate * self.dW
        self.b -= learning_rate * self.db
        return float(loss)


def split_repaired(x, y, test_share):
    n_test = int(test_share * len(x))
    return x[:-n_test], y[:-n_test], x[-n_test:], y[-n_test:]


def faulty():
    x, y = measurements(160, seed=61)
    x_train, y_train, x_test, y_test = split(x, y, 0.25)
    model = SoftmaxModel(8, 3, np.random.default_rng(62))
    return {"training_check": True, "subject": model, "x": x_train, "target": y_train,
            "evaluation": (x_test, y_test), "learning_rate": 0.1, "batch_size": 40, "steps": 60}


def correct():
    x, y = measurements(160, seed=61)
    x_train, y_train, x_test, y_test = split_repaired(x, y, 0.25)
    model = SoftmaxModelRepaired(8, 3, np.random.default_rng(62))
    return {"training_check": True, "subject": model, "x": x_train, "target": y_train,
            "evaluation": (x_test, y_test), "learning_rate": 0.1, "batch_size": 40, "steps": 60}
