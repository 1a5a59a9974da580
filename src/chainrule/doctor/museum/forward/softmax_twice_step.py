"""A softmax regression that hands its probabilities to a loss for logits.

Symptom: it learns, but slowly, and the loss of perfectly classified data stays far from 0.
Repair: hand over the scores.
"""
import numpy as np

CODES = ("softmax-twice",)
PLACES = ("", "loss")


def softmax(scores):
    e = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def softmax_cross_entropy(logits, one_hot):
    """Returns the mean loss and its gradient with respect to the logits."""
    p = softmax(logits)
    loss = -np.sum(one_hot * np.log(p)) / len(logits)
    return loss, (p - one_hot) / len(logits)


class SoftmaxRegression:
    """Linear classifier for any number of classes."""

    def __init__(self, n_features, n_classes, seed=0):
        rng = np.random.default_rng(seed)
        self.theta = 0.5 * rng.normal(size=(n_features, n_classes))
        self.bias = np.zeros(n_classes)
        self.n_classes = n_classes

    def scores(self, x):
        return x @ self.theta + self.bias

    def predict(self, x):
        return softmax(self.scores(x)).argmax(axis=-1)

    def step(self, x, target, learning_rate):
        """One step of gradient descent; target: (n,) integers. Returns the loss before the step."""
        one_hot = np.eye(self.n_classes)[target]
        scores = self.scores(x)
        probs = softmax(scores)
        loss, dprobs = softmax_cross_entropy(probs, one_hot)  # FAULT
        dscores = probs * (dprobs - np.sum(dprobs * probs, axis=-1, keepdims=True))
        self.theta -= learning_rate * (x.T @ dscores)
        self.bias -= learning_rate * dscores.sum(axis=0)
        return loss


class SoftmaxRegressionRepaired:
    """Linear classifier for any number of classes."""

    def __init__(self, n_features, n_classes, seed=0):
        rng = np.random.default_rng(seed)
        self.theta = 0.5 * rng.normal(size=(n_features, n_classes))
        self.bias = np.zeros(n_classes)
        self.n_classes = n_classes

    def scores(self, x):
        return x @ self.theta + self.bias

    def predict(self, x):
        return softmax(self.scores(x)).argmax(axis=-1)

    def step(self, x, target, learning_rate):
        """One step of gradient descent; target: (n,) integers. Returns the loss before the step."""
        one_hot = np.eye(self.n_classes)[target]
        scores = self.scores(x)
        loss, dscores = softmax_cross_entropy(scores, one_hot)
        self.theta -= learning_rate * (x.T @ dscores)
        self.bias -= learning_rate * dscores.sum(axis=0)
        return loss


def faulty():
    rng = np.random.default_rng(41)
    x = rng.normal(size=(6, 4))
    labels = np.array([0, 2, 1, 1, 0, 2])
    return {"subject": SoftmaxRegression(4, 3), "inputs": (x,), "target": labels}


def correct():
    rng = np.random.default_rng(41)
    x = rng.normal(size=(6, 4))
    labels = np.array([0, 2, 1, 1, 0, 2])
    return {"subject": SoftmaxRegressionRepaired(4, 3), "inputs": (x,), "target": labels}
