"""A small language model whose output layer shares the embedding matrix.

Symptom: words that occur only in the input never move.
Repair: add the embedding's gradient to that of the output layer.
"""
import numpy as np

CODES = ("tied-weight-lost",)
PLACES = ("params['E']", "E", "params.E")


class TiedLanguageModel:
    """ids (B, T) -> logits (B, T, V):  tanh(E[ids] M + c) E^T."""

    def __init__(self, vocab_size, dim, rng):
        self.params = {
            "E": rng.normal(size=(vocab_size, dim)),
            "M": rng.normal(size=(dim, dim)) / np.sqrt(dim),
            "c": rng.normal(size=dim) * 0.1,
        }
        self.grads = {}

    def forward(self, ids):
        p = self.params
        self.ids = ids
        self.emb = p["E"][ids]
        self.h = np.tanh(self.emb @ p["M"] + p["c"])
        return self.h @ p["E"].T

    def backward(self, dlogits):
        p = self.params
        dim = p["E"].shape[1]
        flat_logits = dlogits.reshape(-1, p["E"].shape[0])
        dE_out = flat_logits.T @ self.h.reshape(-1, dim)
        dz = (dlogits @ p["E"]) * (1.0 - self.h ** 2)
        self.grads["M"] = self.emb.reshape(-1, dim).T @ dz.reshape(-1, dim)
        self.grads["c"] = dz.reshape(-1, dim).sum(axis=0)
        demb = dz @ p["M"].T
        dE_in = np.zeros_like(p["E"])
        np.add.at(dE_in, self.ids, demb)
        self.grads["E"] = dE_out  # FAULT


class TiedLanguageModelRepaired:
    """ids (B, T) -> logits (B, T, V):  tanh(E[ids] M + c) E^T."""

    def __init__(self, vocab_size, dim, rng):
        self.params = {
            "E": rng.normal(size=(vocab_size, dim)),
            "M": rng.normal(size=(dim, dim)) / np.sqrt(dim),
            "c": rng.normal(size=dim) * 0.1,
        }
        self.grads = {}

    def forward(self, ids):
        p = self.params
        self.ids = ids
        self.emb = p["E"][ids]
        self.h = np.tanh(self.emb @ p["M"] + p["c"])
        return self.h @ p["E"].T

    def backward(self, dlogits):
        p = self.params
        dim = p["E"].shape[1]
        flat_logits = dlogits.reshape(-1, p["E"].shape[0])
        dE_out = flat_logits.T @ self.h.reshape(-1, dim)
        dz = (dlogits @ p["E"]) * (1.0 - self.h ** 2)
        self.grads["M"] = self.emb.reshape(-1, dim).T @ dz.reshape(-1, dim)
        self.grads["c"] = dz.reshape(-1, dim).sum(axis=0)
        demb = dz @ p["M"].T
        dE_in = np.zeros_like(p["E"])
        np.add.at(dE_in, self.ids, demb)
        self.grads["E"] = dE_out + dE_in


def faulty():
    rng = np.random.default_rng(39)
    ids = np.array([[1, 3, 3, 5], [0, 6, 2, 1], [4, 4, 6, 0]])
    return {"subject": TiedLanguageModel(7, 4, rng), "inputs": (ids,)}


def correct():
    rng = np.random.default_rng(39)
    ids = np.array([[1, 3, 3, 5], [0, 6, 2, 1], [4, 4, 6, 0]])
    return {"subject": TiedLanguageModelRepaired(7, 4, rng), "inputs": (ids,)}
