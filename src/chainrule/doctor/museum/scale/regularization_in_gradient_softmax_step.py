"""Softmax classifier with L2 penalty (course homework), trains itself with step().

Symptom: weights shrink more than the reported objective asks for; loss stalls above its minimum.
Repair: the objective has 0.5 * reg * ||W||^2, so its gradient is reg * W.
"""
import numpy as np

CODES = ("regularization-in-gradient",)
PLACES = ("W", "")


class SoftmaxClassifier:
    def __init__(self, D, C, reg=0.3):
        rng = np.random.RandomState(231)
        self.W = rng.randn(D, C)
        self.b = np.zeros(C)
        self.reg = reg

    def step(self, x, target, learning_rate):
        N = x.shape[0]
        scores = x.dot(self.W) + self.b
        scores -= np.max(scores, axis=1, keepdims=True)
        probs = np.exp(scores)
        probs /= np.sum(probs, axis=1, keepdims=True)
        loss = -np.log(probs[np.arange(N), target]).mean()
        loss += 0.5 * self.reg * np.sum(self.W * self.W)

        dscores = probs.copy()
        dscores[np.arange(N), target] -= 1
        dscores /= N
        dW = x.T.dot(dscores)
        db = dscores.sum(axis=0)
        dW += 2 * self.reg * self.W  # FAULT
        self.W -= learning_rate * dW
        self.b -= learning_rate * db
        return loss


class SoftmaxClassifierRepaired:
    def __init__(self, D, C, reg=0.3):
        rng = np.random.RandomState(231)
        self.W = rng.randn(D, C)
        self.b = np.zeros(C)
        self.reg = reg

    def step(self, x, target, learning_rate):
        N = x.shape[0]
        scores = x.dot(self.W) + self.b
        scores -= np.max(scores, axis=1, keepdims=True)
        probs = np.exp(scores)
        probs /= np.sum(probs, axis=1, keepdims=True)
        loss = -np.log(probs[np.arange(N), target]).mean()
        loss += 0.5 * self.reg * np.sum(self.W * self.W)

        dscores = probs.copy()
        dscores[np.arange(N), target] -= 1
        dscores /= N
        dW = x.T.dot(dscores)
        db = dscores.sum(axis=0)
        dW += self.reg * self.W
        self.W -= learning_rate * dW
        self.b -= learning_rate * db
        return loss


def _data():
    rng = np.random.RandomState(0)
    return {"inputs": (rng.randn(6, 5),), "target": np.array([0, 2, 1, 2, 3, 0])}


def faulty():
    return dict(subject=SoftmaxClassifier(5, 4), **_data())


def correct():
    return dict(subject=SoftmaxClassifierRepaired(5, 4), **_data())
