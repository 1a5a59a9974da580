"""Bag of words: the embeddings of all columns are averaged, padding among them.

Symptom: predictions for short texts drift with the length of the longest text of the batch.
Repair: leave the padding id out of the sum and of the count.
"""
import numpy as np

CODES = ("padding-leak",)
PLACES = ("token_ids", "", "pool", "embedding", "table", "embedding.table")

PAD = 0


class Embedding:
    def __init__(self, vocabulary, dim, rng):
        self.table = rng.normal(size=(vocabulary, dim))

    def forward(self, ids):
        self.ids = ids
        return self.table[ids]

    def backward(self, grad):
        self.grad_table = np.zeros_like(self.table)
        np.add.at(self.grad_table, self.ids, grad)


class Dense:
    def __init__(self, n_in, n_out, rng):
        self.kernel = rng.normal(size=(n_in, n_out)) / np.sqrt(n_in)
        self.bias = rng.normal(size=n_out) * 0.1

    def forward(self, x):
        self.x = x
        return x @ self.kernel + self.bias

    def backward(self, grad):
        self.grad_kernel = self.x.T @ grad
        self.grad_bias = grad.sum(axis=0)
        return grad @ self.kernel.T


class MaskedMean:
    """Mean over the words of each text; mask is 1 for words and 0 for padding."""

    def forward(self, vectors, mask):
        self.mask = np.ones_like(mask)  # FAULT
        self.count = self.mask.sum(axis=1, keepdims=True)
        return (vectors * self.mask[:, :, None]).sum(axis=1) / self.count

    def backward(self, grad):
        return self.mask[:, :, None] * (grad / self.count)[:, None, :]


class TextClassifier:
    def __init__(self, vocabulary, dim, classes, rng):
        self.embedding = Embedding(vocabulary, dim, rng)
        self.pool = MaskedMean()
        self.output = Dense(dim, classes, rng)

    def forward(self, token_ids):
        mask = (token_ids != PAD).astype(float)
        vectors = self.embedding.forward(token_ids)
        return self.output.forward(self.pool.forward(vectors, mask))

    def backward(self, grad):
        grad = self.pool.backward(self.output.backward(grad))
        self.embedding.backward(grad)


class MaskedMeanRepaired:
    """Mean over the words of each text; mask is 1 for words and 0 for padding."""

    def forward(self, vectors, mask):
        self.mask = mask
        self.count = self.mask.sum(axis=1, keepdims=True)
        return (vectors * self.mask[:, :, None]).sum(axis=1) / self.count

    def backward(self, grad):
        return self.mask[:, :, None] * (grad / self.count)[:, None, :]


class TextClassifierRepaired:
    def __init__(self, vocabulary, dim, classes, rng):
        self.embedding = Embedding(vocabulary, dim, rng)
        self.pool = MaskedMeanRepaired()
        self.output = Dense(dim, classes, rng)

    def forward(self, token_ids):
        mask = (token_ids != PAD).astype(float)
        vectors = self.embedding.forward(token_ids)
        return self.output.forward(self.pool.forward(vectors, mask))

    def backward(self, grad):
        grad = self.pool.backward(self.output.backward(grad))
        self.embedding.backward(grad)


def faulty():
    rng = np.random.default_rng(12)
    token_ids = np.array([[3, 7, 2, 5, 1], [4, 6, 0, 0, 0], [8, 2, 9, 0, 0]])
    return {"subject": TextClassifier(11, 4, 3, rng), "inputs": (token_ids,), "intent": {"padding"}}


def correct():
    rng = np.random.default_rng(12)
    token_ids = np.array([[3, 7, 2, 5, 1], [4, 6, 0, 0, 0], [8, 2, 9, 0, 0]])
    return {"subject": TextClassifierRepaired(11, 4, 3, rng), "inputs": (token_ids,), "intent": {"padding"}}
