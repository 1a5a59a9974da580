"""A logistic regression whose training loop rebinds local names and leaves the model as it was.

Symptom: the loss is the same number at every step.
Repair: write into the arrays (in-place subtraction), not into the loop variable.
"""
import numpy as np

CODES = ("update-disagrees", "parameter-not-updated")
PLACES = ("theta", "intercept", "")


def two_clouds(n, features, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    direction = rng.normal(size=features)
    return rng.normal(size=(n, features)) + 1.2 * np.outer(2 * y - 1, direction / 3), y


class LogisticRegression:
    def __init__(self, n_features, rng):
        self.theta = rng.normal(size=n_features) * 0.3
        self.intercept = np.zeros(1)
        self.grad_theta = np.zeros(n_features)
        self.grad_intercept = np.zeros(1)

    def decision(self, x):
        return x @ self.theta + self.intercept

    def predict(self, x):
        return 1.0 / (1.0 + np.exp(-self.decision(x)))

    def loss_and_gradient(self, x, y):
        z = self.decision(x)
        loss = np.mean(np.logaddexp(0.0, z) - y * z)
        residual = (1.0 / (1.0 + np.exp(-z)) - y) / len(y)
        self.grad_theta = x.T @ residual
        self.grad_intercept = residual.sum(keepdims=True)
        return float(loss)

    def train_on_batch(self, x, y, learning_rate=0.5):
        loss = self.loss_and_gradient(x, y)
        weights = [self.theta, self.intercept]
        gradients = [self.grad_theta, self.grad_intercept]
        for w, g in zip(weights, gradients):
            w = w - learning_rate * g  # FAULT
        return loss


class LogisticRegressionRepaired:
    def __init__(self, n_features, rng):
        self.theta = rng.normal(size=n_features) * 0.3
        self.intercept = np.zeros(1)
        self.grad_theta = np.zeros(n_features)
        self.grad_intercept = np.zeros(1)

    def decision(self, x):
        return x @ self.theta + self.intercept

    def predict(self, x):
        return 1.0 / (1.0 + np.exp(-self.decision(x)))

    def loss_and_gradient(self, x, y):
        z = self.decision(x)
        loss = np.mean(np.logaddexp(0.0, z) - y * z)
        residual = (1.0 / (1.0 + np.exp(-z)) - y) / len(y)
        self.grad_theta = x.T @ residual
        self.grad_intercept = residual.sum(keepdims=True)
        return float(loss)

    def train_on_batch(self, x, y, learning_rate=0.5):
        loss = self.loss_and_gradient(x, y)
        weights = [self.theta, self.intercept]
        gradients = [self.grad_theta, self.grad_intercept]
        for w, g in zip(weights, gradients):
            w -= learning_rate * g
        return loss


def faulty():
    x, y = two_clouds(150, 9, seed=5)
    model = LogisticRegression(9, np.random.default_rng(6))
    return {"training_check": True, "subject": model, "x": x[:100], "target": y[:100],
            "evaluation": (x[100:], y[100:]), "learning_rate": 0.1, "batch_size": 25}


def correct():
    x, y = two_clouds(150, 9, seed=5)
    model = LogisticRegressionRepaired(9, np.random.default_rng(6))
    return {"training_check": True, "subject": model, "x": x[:100], "target": y[:100],
            "evaluation": (x[100:], y[100:]), "learning_rate": 0.1, "batch_size": 25}
