"""A classifier ending in a softmax, with a cross-entropy that applies another one.

Symptom: the loss cannot fall below a floor.
Repair: hand the logits to the loss.
"""
import numpy as np

CODES = ("softmax-twice",)
PLACES = ("", "net", "loss", "x")


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def cross_entropy(logits, target):
    return -np.mean(np.log(softmax(logits)[np.arange(len(target)), target]))


def cross_entropy_grad(logits, target):
    return (softmax(logits) - np.eye(logits.shape[1])[target]) / len(target)


class Classifier:
    def __init__(self, n, c, rng):
        self.W = rng.normal(size=(n, c)) * 0.5
        self.b = np.zeros(c)

    def forward(self, x):
        self.x = x
        self.p = softmax(x @ self.W + self.b)  # FAULT
        return self.p  # FAULT

    def backward(self, d):
        d = self.p * (d - (d * self.p).sum(axis=1, keepdims=True))  # FAULT
        self.dW = self.x.T @ d
        self.db = d.sum(axis=0)
        return d @ self.W.T


class ClassifierRepaired:
    def __init__(self, n, c, rng):
        self.W = rng.normal(size=(n, c)) * 0.5
        self.b = np.zeros(c)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, d):
        self.dW = self.x.T @ d
        self.db = d.sum(axis=0)
        return d @ self.W.T


def faulty():
    rng = np.random.default_rng(80)
    return {"subject": Classifier(4, 3, rng), "inputs": (rng.normal(size=(6, 4)),),
            "loss": (cross_entropy, cross_entropy_grad), "target": np.array([0, 2, 1, 1, 0, 2])}


def correct():
    rng = np.random.default_rng(80)
    return {"subject": ClassifierRepaired(4, 3, rng), "inputs": (rng.normal(size=(6, 4)),),
            "loss": (cross_entropy, cross_entropy_grad), "target": np.array([0, 2, 1, 1, 0, 2])}
