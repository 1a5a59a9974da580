"""Logistic regression whose loss gradient is target minus prediction.

Symptom: the loss climbs from the first step on.
Repair: prediction minus target; the subtraction happens in the update.
"""
import numpy as np

CODES = ("sign-flipped",)
PLACES = ("", "loss", "logits")


class LogisticRegression:
    def __init__(self, n_features, rng):
        self.theta = rng.normal(size=(n_features, 1))
        self.intercept = rng.normal(size=(1,))

    def forward(self, x):
        self.x = x
        return x @ self.theta + self.intercept

    def backward(self, delta):
        self.grad_theta = self.x.T @ delta
        self.grad_intercept = delta.sum(axis=0)
        return delta @ self.theta.T


def bce_with_logits(logits, t):
    return np.mean(np.maximum(logits, 0) - logits * t + np.log1p(np.exp(-np.abs(logits))))


def bce_with_logits_gradient(logits, t):
    p = 1.0 / (1.0 + np.exp(-logits))
    return (t - p) / logits.size  # FAULT


def bce_with_logits_gradient_repaired(logits, t):
    p = 1.0 / (1.0 + np.exp(-logits))
    return (p - t) / logits.size


def faulty():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(6, 4))
    t = np.array([[1.0], [0.0], [0.0], [1.0], [1.0], [0.0]])
    return {"subject": LogisticRegression(4, rng), "inputs": (x,), "target": t,
            "loss": (bce_with_logits, bce_with_logits_gradient)}


def correct():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(6, 4))
    t = np.array([[1.0], [0.0], [0.0], [1.0], [1.0], [0.0]])
    return {"subject": LogisticRegression(4, rng), "inputs": (x,), "target": t,
            "loss": (bce_with_logits, bce_with_logits_gradient_repaired)}
