"""A fault detector trained on 96 good parts in a hundred, every part counting the same.

Symptom: 96 % accuracy, and not one faulty part is found.
Repair: weight the classes in the loss by the inverse of their frequency.
"""
import numpy as np

CODES = ("single-class-collapse",)
PLACES = ("", "target", "b", "bias")


class PartInspector:
    """Logistic regression with a weight for each of the two classes."""

    def __init__(self, n_sensors, class_weight, rng):
        self.w = rng.normal(size=n_sensors) * 0.2
        self.bias = np.zeros(1)
        self.class_weight = class_weight

    def logit(self, x):
        return x @ self.w + self.bias

    def predict(self, x):
        z = self.logit(x)
        return np.stack([-z / 2, z / 2], axis=1)

    def fit_batch(self, x, y, learning_rate):
        z = self.logit(x)
        importance = self.class_weight[y]
        importance = importance / importance.sum()
        loss = np.sum(importance * (np.logaddexp(0, z) - y * z))
        dz = importance * (1 / (1 + np.exp(-z)) - y)
        self.dw = x.T @ dz
        self.dbias = dz.sum(keepdims=True)
        self.w -= learning_rate * self.dw
        self.bias -= learning_rate * self.dbias
        return float(loss)


class PartInspectorRepaired:
    """Logistic regression with a weight for each of the two classes."""

    def __init__(self, n_sensors, class_weight, rng):
        self.w = rng.normal(size=n_sensors) * 0.2
        self.bias = np.zeros(1)
        self.class_weight = class_weight

    def logit(self, x):
        return x @ self.w + self.bias

    def predict(self, x):
        z = self.logit(x)
        return np.stack([-z / 2, z / 2], axis=1)

    def fit_batch(self, x, y, learning_rate):
        z = self.logit(x)
        importance = self.class_weight[y]
        importance = importance / importance.sum()
        loss = np.sum(importance * (np.logaddexp(0, z) - y * z))
        dz = importance * (1 / (1 + np.exp(-z)) - y)
        self.dw = x.T @ dz
        self.dbias = dz.sum(keepdims=True)
        self.w -= learning_rate * self.dw
        self.bias -= learning_rate * self.dbias
        return float(loss)


def parts(n, seed):
    rng = np.random.default_rng(seed)
    broken = np.zeros(n, dtype=int)
    broken[::25] = 1
    broken = rng.permutation(broken)
    shift = np.array([0.8, -0.7, 0.7, 0.0, 0.5, -0.6])
    return rng.normal(size=(n, 6)) + broken[:, None] * shift, broken


def faulty():
    x, y = parts(400, seed=36)
    class_weight = np.ones(2)  # FAULT
    inspector = PartInspector(6, class_weight, np.random.default_rng(37))
    return {"training_check": True, "subject": inspector, "x": x[:300], "target": y[:300],
            "evaluation": (x[300:], y[300:]), "learning_rate": 0.3, "batch_size": 150, "steps": 100}


def correct():
    x, y = parts(400, seed=36)
    class_weight = len(y) / (2.0 * np.bincount(y))
    inspector = PartInspectorRepaired(6, class_weight, np.random.default_rng(37))
    return {"training_check": True, "subject": inspector, "x": x[:300], "target": y[:300],
            "evaluation": (x[300:], y[300:]), "learning_rate": 0.3, "batch_size": 150, "steps": 100}
