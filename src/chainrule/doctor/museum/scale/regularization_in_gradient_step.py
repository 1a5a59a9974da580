"""Softmax regression with an L2 penalty, one training step.

Symptom: the printed loss is not what is minimized; the weights end up twice as strongly decayed.
Repair: the penalty 0.5 * l2 * sum(W^2) has the gradient l2 * W.
"""
import numpy as np

CODES = ("regularization-in-gradient",)
PLACES = ("W", "")


class SoftmaxRegression:
    def __init__(self, n_features, n_classes, l2=0.1, seed=30):
        rng = np.random.default_rng(seed)
        self.W = rng.normal(size=(n_features, n_classes))
        self.b = rng.normal(size=n_classes) * 0.1
        self.l2 = l2

    def probabilities(self, x):
        scores = x @ self.W + self.b
        scores -= scores.max(axis=1, keepdims=True)
        e = np.exp(scores)
        return e / e.sum(axis=1, keepdims=True)

    def step(self, x, target, learning_rate):
        n = x.shape[0]
        p = self.probabilities(x)
        data_loss = -np.mean(np.log(p[np.arange(n), target]))
        loss = data_loss + 0.5 * self.l2 * np.sum(self.W ** 2)

        dscores = p.copy()
        dscores[np.arange(n), target] -= 1.0
        dscores /= n
        dW = x.T @ dscores + 2.0 * self.l2 * self.W  # FAULT
        db = dscores.sum(axis=0)
        self.W -= learning_rate * dW
        self.b -= learning_rate * db
        return loss


class SoftmaxRegressionRepaired:
    def __init__(self, n_features, n_classes, l2=0.1, seed=30):
        rng = np.random.default_rng(seed)
        self.W = rng.normal(size=(n_features, n_classes))
        self.b = rng.normal(size=n_classes) * 0.1
        self.l2 = l2

    def probabilities(self, x):
        scores = x @ self.W + self.b
        scores -= scores.max(axis=1, keepdims=True)
        e = np.exp(scores)
        return e / e.sum(axis=1, keepdims=True)

    def step(self, x, target, learning_rate):
        n = x.shape[0]
        p = self.probabilities(x)
        data_loss = -np.mean(np.log(p[np.arange(n), target]))
        loss = data_loss + 0.5 * self.l2 * np.sum(self.W ** 2)

        dscores = p.copy()
        dscores[np.arange(n), target] -= 1.0
        dscores /= n
        dW = x.T @ dscores + self.l2 * self.W
        db = dscores.sum(axis=0)
        self.W -= learning_rate * dW
        self.b -= learning_rate * db
        return loss


def faulty():
    rng = np.random.default_rng(31)
    return {"subject": SoftmaxRegression(5, 3), "inputs": (rng.normal(size=(6, 5)),),
            "target": rng.integers(0, 3, size=6)}


def correct():
    rng = np.random.default_rng(31)
    return {"subject": SoftmaxRegressionRepaired(5, 3), "inputs": (rng.normal(size=(6, 5)),),
            "target": rng.integers(0, 3, size=6)}
