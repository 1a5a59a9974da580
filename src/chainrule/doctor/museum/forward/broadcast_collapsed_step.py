"""Logistic regression whose labels, (n,), meet probabilities of shape (n, 1).

Symptom: accuracy is that of the majority class, whatever the features.
Repair: flatten the probabilities.
"""
import numpy as np

CODES = ("broadcast-collapsed",)
PLACES = ("", "target", "labels")


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


class LogisticRegression:
    """Binary classifier, trained by gradient descent on the mean negative log-likelihood."""

    def __init__(self, n_features, rng):
        self.w = rng.normal(size=(n_features, 1)) * 0.3
        self.b = np.zeros(1)

    def predict_proba(self, x):
        return sigmoid(x @ self.w + self.b)

    def step(self, x, target, learning_rate):
        """One update on a batch. x: (n, n_features), target: (n,) of zeros and ones. Returns the loss."""
        p = self.predict_proba(x)
        likelihood = target * np.log(p) + (1 - target) * np.log(1 - p)  # FAULT
        loss = -likelihood.mean()

        dz = (p - target).mean(axis=1, keepdims=True) / len(x)
        dw = x.T @ dz
        db = dz.sum(axis=0)

        self.w -= learning_rate * dw
        self.b -= learning_rate * db
        return loss


class LogisticRegressionRepaired:
    """Binary classifier, trained by gradient descent on the mean negative log-likelihood."""

    def __init__(self, n_features, rng):
        self.w = rng.normal(size=(n_features, 1)) * 0.3
        self.b = np.zeros(1)

    def predict_proba(self, x):
        return sigmoid(x @ self.w + self.b)

    def step(self, x, target, learning_rate):
        """One update on a batch. x: (n, n_features), target: (n,) of zeros and ones. Returns the loss."""
        p = self.predict_proba(x)
        target = target.reshape(-1, 1)
        likelihood = target * np.log(p) + (1 - target) * np.log(1 - p)
        loss = -likelihood.mean()

        dz = (p - target).mean(axis=1, keepdims=True) / len(x)
        dw = x.T @ dz
        db = dz.sum(axis=0)

        self.w -= learning_rate * dw
        self.b -= learning_rate * db
        return loss


def faulty():
    rng = np.random.default_rng(39)
    x = rng.normal(size=(8, 3))
    labels = np.array([0, 1, 1, 0, 1, 0, 0, 1])
    return {"subject": LogisticRegression(3, rng), "inputs": (x,), "target": labels}


def correct():
    rng = np.random.default_rng(39)
    x = rng.normal(size=(8, 3))
    labels = np.array([0, 1, 1, 0, 1, 0, 0, 1])
    return {"subject": LogisticRegressionRepaired(3, rng), "inputs": (x,), "target": labels}
