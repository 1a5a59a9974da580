"""An embedding layer, single precision.

Symptom: frequent words learn no faster than rare ones.
Repair: np.add.at, which adds once per occurrence.
"""
import numpy as np

CODES = ("duplicate-index-lost",)
PLACES = ("table",)


class Embedding:
    def __init__(self, vocab_size, dim, rng):
        self.table = rng.normal(size=(vocab_size, dim)).astype(np.float32)
        self.table_grad = np.zeros_like(self.table)

    def forward(self, ids):
        self.ids = ids
        return self.table[ids]

    def backward(self, dout):
        self.table_grad = np.zeros_like(self.table)
        self.table_grad[self.ids] += dout  # FAULT
        return None


class EmbeddingRepaired:
    def __init__(self, vocab_size, dim, rng):
        self.table = rng.normal(size=(vocab_size, dim)).astype(np.float32)
        self.table_grad = np.zeros_like(self.table)

    def forward(self, ids):
        self.ids = ids
        return self.table[ids]

    def backward(self, dout):
        self.table_grad = np.zeros_like(self.table)
        np.add.at(self.table_grad, self.ids, dout)
        return None


def faulty():
    rng = np.random.default_rng(36)
    ids = np.array([[1, 4, 1, 6], [0, 4, 2, 1]])
    return {"subject": Embedding(8, 3, rng), "inputs": (ids,)}


def correct():
    rng = np.random.default_rng(36)
    ids = np.array([[1, 4, 1, 6], [0, 4, 2, 1]])
    return {"subject": EmbeddingRepaired(8, 3, rng), "inputs": (ids,)}
