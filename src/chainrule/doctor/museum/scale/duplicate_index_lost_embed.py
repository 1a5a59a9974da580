"""A word table whose gradient is written by fancy indexing, so that repeated words count once.

Symptom: frequent words learn too slowly.
Repair: accumulate with np.add.at.
"""
import numpy as np

CODES = ("duplicate-index-lost",)
PLACES = ("E", "table", "embedding", "emb")


class WordTable:
    def __init__(self, vocab, dim, rng):
        self.table = rng.normal(size=(vocab, dim))
        self.table_grad = np.zeros_like(self.table)

    def forward(self, ids):
        self.ids = ids
        return self.table[ids]

    def backward(self, dvec):
        self.table_grad[...] = 0
        self.table_grad[self.ids.ravel()] += dvec.reshape(-1, dvec.shape[-1])  # FAULT
        return None


class WordTableRepaired:
    def __init__(self, vocab, dim, rng):
        self.table = rng.normal(size=(vocab, dim))
        self.table_grad = np.zeros_like(self.table)

    def forward(self, ids):
        self.ids = ids
        return self.table[ids]

    def backward(self, dvec):
        self.table_grad[...] = 0
        np.add.at(self.table_grad, self.ids.ravel(), dvec.reshape(-1, dvec.shape[-1]))
        return None


def faulty():
    rng = np.random.default_rng(31)
    return {"subject": WordTable(7, 4, rng), "inputs": (np.array([[1, 2, 1, 5], [0, 2, 1, 6]]),)}


def correct():
    rng = np.random.default_rng(31)
    return {"subject": WordTableRepaired(7, 4, rng), "inputs": (np.array([[1, 2, 1, 5], [0, 2, 1, 6]]),)}
