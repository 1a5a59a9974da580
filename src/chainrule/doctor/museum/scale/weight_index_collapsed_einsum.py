"""Additive attention pooling over a sequence, written with einsum.

Symptom: every row of the projection receives the same update.
Repair: keep the feature index i in the output of the einsum.
"""
import numpy as np

CODES = ("weight-index-collapsed",)
PLACES = ("params['proj']", "proj", "params.proj")


class AttentionPooling:
    """score_t = v . tanh(x_t P + c);  y = sum_t softmax(score)_t x_t."""

    def __init__(self, features, hidden, rng):
        self.params = {
            "proj": rng.normal(size=(features, hidden)) / np.sqrt(features),
            "shift": rng.normal(size=hidden) * 0.2,
            "v": rng.normal(size=hidden),
        }
        self.grads = {key: np.zeros_like(value) for key, value in self.params.items()}

    def forward(self, x):
        p = self.params
        self.x = x
        self.h = np.tanh(np.einsum("bti,ij->btj", x, p["proj"]) + p["shift"])
        score = np.einsum("btj,j->bt", self.h, p["v"])
        e = np.exp(score - score.max(axis=1, keepdims=True))
        self.alpha = e / e.sum(axis=1, keepdims=True)
        return np.einsum("bt,bti->bi", self.alpha, x)

    def backward(self, dy):
        p = self.params
        for g in self.grads.values():
            g[...] = 0.0
        dalpha = np.einsum("bi,bti->bt", dy, self.x)
        dscore = self.alpha * (dalpha - np.sum(dalpha * self.alpha, axis=1, keepdims=True))
        self.grads["v"] += np.einsum("bt,btj->j", dscore, self.h)
        dz = np.einsum("bt,j->btj", dscore, p["v"]) * (1.0 - self.h ** 2)
        self.grads["proj"] += np.einsum("bti,btj->j", self.x, dz)  # FAULT
        self.grads["shift"] += np.einsum("btj->j", dz)
        return np.einsum("bt,bi->bti", self.alpha, dy) + np.einsum("btj,ij->bti", dz, p["proj"])


class AttentionPoolingRepaired:
    """score_t = v . tanh(x_t P + c);  y = sum_t softmax(score)_t x_t."""

    def __init__(self, features, hidden, rng):
        self.params = {
            "proj": rng.normal(size=(features, hidden)) / np.sqrt(features),
            "shift": rng.normal(size=hidden) * 0.2,
            "v": rng.normal(size=hidden),
        }
        self.grads = {key: np.zeros_like(value) for key, value in self.params.items()}

    def forward(self, x):
        p = self.params
        self.x = x
        self.h = np.tanh(np.einsum("bti,ij->btj", x, p["proj"]) + p["shift"])
        score = np.einsum("btj,j->bt", self.h, p["v"])
        e = np.exp(score - score.max(axis=1, keepdims=True))
        self.alpha = e / e.sum(axis=1, keepdims=True)
        return np.einsum("bt,bti->bi", self.alpha, x)

    def backward(self, dy):
        p = self.params
        for g in self.grads.values():
            g[...] = 0.0
        dalpha = np.einsum("bi,bti->bt", dy, self.x)
        dscore = self.alpha * (dalpha - np.sum(dalpha * self.alpha, axis=1, keepdims=True))
        self.grads["v"] += np.einsum("bt,btj->j", dscore, self.h)
        dz = np.einsum("bt,j->btj", dscore, p["v"]) * (1.0 - self.h ** 2)
        self.grads["proj"] += np.einsum("bti,btj->ij", self.x, dz)
        self.grads["shift"] += np.einsum("btj->j", dz)
        return np.einsum("bt,bi->bti", self.alpha, dy) + np.einsum("btj,ij->bti", dz, p["proj"])


def faulty():
    rng = np.random.default_rng(15)
    return {"subject": AttentionPooling(4, 6, rng), "inputs": (rng.normal(size=(3, 5, 4)),)}


def correct():
    rng = np.random.default_rng(15)
    return {"subject": AttentionPoolingRepaired(4, 6, rng), "inputs": (rng.normal(size=(3, 5, 4)),)}
