"""Softmax regression with one weight row per class, updated by a loop that stops too early.

Symptom: the last of the six classes is never learned.
Repair: loop over all classes.
"""
import numpy as np

CODES = ("rows-not-updated",)
PLACES = ("W", "b")

CLASSES = 6


class SoftmaxRegression:
    """W has one row per class."""

    def __init__(self, dim, rng):
        self.W = 0.1 * rng.standard_normal((CLASSES, dim))
        self.b = np.zeros(CLASSES)

    def scores(self, x):
        return np.einsum("bi,ci->bc", x, self.W) + self.b

    def predict(self, x):
        return self.scores(x)

    def gradients(self, x, y):
        s = self.scores(x)
        p = np.exp(s - s.max(1)[:, None])
        p /= p.sum(1)[:, None]
        loss = -np.log(p[np.arange(len(y)), y]).mean()
        p[np.arange(len(y)), y] -= 1
        self.grads = {"W": np.einsum("bc,bi->ci", p, x) / len(y), "b": p.mean(0)}
        return loss

    def train_on_batch(self, x, y, learning_rate):
        loss = self.gradients(x, y)
        for k in range(y.max()):  # FAULT
            self.W[k] -= learning_rate * self.grads["W"][k]
            self.b[k] -= learning_rate * self.grads["b"][k]
        return float(loss)


CLASSES_REPAIRED = 6


class SoftmaxRegressionRepaired:
    """W has one row per class."""

    def __init__(self, dim, rng):
        self.W = 0.1 * rng.standard_normal((CLASSES_REPAIRED, dim))
        self.b = np.zeros(CLASSES_REPAIRED)

    def scores(self, x):
        return np.einsum("bi,ci->bc", x, self.W) + self.b

    def predict(self, x):
        return self.scores(x)

    def gradients(self, x, y):
        s = self.scores(x)
        p = np.exp(s - s.max(1)[:, None])
        p /= p.sum(1)[:, None]
        loss = -np.log(p[np.arange(len(y)), y]).mean()
        p[np.arange(len(y)), y] -= 1
        self.grads = {"W": np.einsum("bc,bi->ci", p, x) / len(y), "b": p.mean(0)}
        return loss

    def train_on_batch(self, x, y, learning_rate):
        loss = self.gradients(x, y)
        for k in range(CLASSES_REPAIRED):
            self.W[k] -= learning_rate * self.grads["W"][k]
            self.b[k] -= learning_rate * self.grads["b"][k]
        return float(loss)


def make_digits(n, seed):
    rng = np.random.default_rng(seed)
    shapes = rng.normal(size=(6, 15))
    y = rng.integers(6, size=n)
    return shapes[y] + 0.8 * rng.normal(size=(n, 15)), y


def faulty():
    x, y = make_digits(240, seed=20)
    model = SoftmaxRegression(15, np.random.default_rng(21))
    return {"training_check": True, "subject": model, "x": x[:180], "target": y[:180],
            "evaluation": (x[180:], y[180:]), "learning_rate": 0.05, "batch_size": 36, "steps": 50}


def correct():
    x, y = make_digits(240, seed=20)
    model = SoftmaxRegressionRepaired(15, np.random.default_rng(21))
    return {"training_check": True, "subject": model, "x": x[:180], "target": y[:180],
            "evaluation": (x[180:], y[180:]), "learning_rate": 0.05, "batch_size": 36, "steps": 50}
