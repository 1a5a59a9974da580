"""A language model with a shared input and output table that keeps only the input's gradient.

Symptom: the output side never adapts.
Repair: add the output's contribution.
"""
import numpy as np

CODES = ("tied-weight-lost", "branch-overwritten")
PLACES = ("E", "wte")


class TinyLM:
    def __init__(self, vocab, d, rng):
        self.wte = rng.normal(size=(vocab, d)) * 0.5
        self.wff = rng.normal(size=(d, d)) * 0.5

    def forward(self, ids):
        e = self.wte[ids]
        h = e + np.tanh(e @ self.wff)
        self.act = (ids, e, h)
        return h @ self.wte.T

    def backward(self, dlogits):
        ids, e, h = self.act
        dh = dlogits @ self.wte
        self.wte_grad = np.einsum("btv,btd->vd", dlogits, h)
        dz = dh * (1 - (h - e) ** 2)
        self.wff_grad = np.einsum("bti,btj->ij", e, dz)
        de = dh + dz @ self.wff.T
        self.wte_grad = np.zeros_like(self.wte)  # FAULT
        np.add.at(self.wte_grad, ids, de)
        return None


class TinyLMRepaired:
    def __init__(self, vocab, d, rng):
        self.wte = rng.normal(size=(vocab, d)) * 0.5
        self.wff = rng.normal(size=(d, d)) * 0.5

    def forward(self, ids):
        e = self.wte[ids]
        h = e + np.tanh(e @ self.wff)
        self.act = (ids, e, h)
        return h @ self.wte.T

    def backward(self, dlogits):
        ids, e, h = self.act
        dh = dlogits @ self.wte
        self.wte_grad = np.einsum("btv,btd->vd", dlogits, h)
        dz = dh * (1 - (h - e) ** 2)
        self.wff_grad = np.einsum("bti,btj->ij", e, dz)
        de = dh + dz @ self.wff.T
        np.add.at(self.wte_grad, ids, de)
        return None


def faulty():
    rng = np.random.default_rng(132)
    return {"subject": TinyLM(7, 4, rng), "inputs": (np.array([[1, 3, 1, 5], [2, 0, 6, 3]]),)}


def correct():
    rng = np.random.default_rng(132)
    return {"subject": TinyLMRepaired(7, 4, rng), "inputs": (np.array([[1, 3, 1, 5], [2, 0, 6, 3]]),)}
