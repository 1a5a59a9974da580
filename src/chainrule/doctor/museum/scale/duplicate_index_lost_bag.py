"""A bag-of-words text classifier with an in-place update.

Symptom: repeating a word in a text changes the output but not how much the word learns.
Repair: np.subtract.at on the table.
"""
import numpy as np

CODES = ("duplicate-index-lost",)
PLACES = ("E",)


class BagOfWords:
    def __init__(self, n_words, dim, n_classes, rng):
        self.E = rng.normal(size=(n_words, dim)) * 0.5
        self.U = rng.normal(size=(dim, n_classes)) * 0.5
        self.c = rng.normal(size=n_classes) * 0.1

    def forward(self, docs):
        """docs: word ids (batch, length) -> class scores."""
        self.docs = docs
        self.bag = self.E[docs].sum(axis=1)
        self.hidden = np.tanh(self.bag)
        return self.hidden @ self.U + self.c

    def backward(self, dscores, learning_rate):
        dU = self.hidden.T @ dscores
        dbag = (dscores @ self.U.T) * (1.0 - self.hidden ** 2)
        self.U -= learning_rate * dU
        self.c -= learning_rate * dscores.sum(axis=0)
        length = self.docs.shape[1]
        dwords = np.repeat(dbag[:, None, :], length, axis=1)
        self.E[self.docs] -= learning_rate * dwords  # FAULT


class BagOfWordsRepaired:
    def __init__(self, n_words, dim, n_classes, rng):
        self.E = rng.normal(size=(n_words, dim)) * 0.5
        self.U = rng.normal(size=(dim, n_classes)) * 0.5
        self.c = rng.normal(size=n_classes) * 0.1

    def forward(self, docs):
        """docs: word ids (batch, length) -> class scores."""
        self.docs = docs
        self.bag = self.E[docs].sum(axis=1)
        self.hidden = np.tanh(self.bag)
        return self.hidden @ self.U + self.c

    def backward(self, dscores, learning_rate):
        dU = self.hidden.T @ dscores
        dbag = (dscores @ self.U.T) * (1.0 - self.hidden ** 2)
        self.U -= learning_rate * dU
        self.c -= learning_rate * dscores.sum(axis=0)
        length = self.docs.shape[1]
        dwords = np.repeat(dbag[:, None, :], length, axis=1)
        np.subtract.at(self.E, self.docs, learning_rate * dwords)


def faulty():
    rng = np.random.default_rng(38)
    docs = np.array([[3, 5, 3, 0], [2, 5, 6, 6], [1, 1, 4, 3]])
    return {"subject": BagOfWords(9, 4, 3, rng), "inputs": (docs,)}


def correct():
    rng = np.random.default_rng(38)
    docs = np.array([[3, 5, 3, 0], [2, 5, 6, 6], [1, 1, 4, 3]])
    return {"subject": BagOfWordsRepaired(9, 4, 3, rng), "inputs": (docs,)}
