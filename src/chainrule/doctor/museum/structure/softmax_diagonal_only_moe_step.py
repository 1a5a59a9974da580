"""Soft mixture of experts for regression, everything in one training step.

Symptom: the gate converges to something, but never to a clean division of labour.
Repair: a gate's score moves all gate values; use p * (g - sum(g p)).
"""
import numpy as np

CODES = ("softmax-diagonal-only",)
PLACES = ("Wg", "bg", "")


class MixtureOfExperts:
    def __init__(self, n_in=4, n_out=2, n_experts=3, seed=0):
        rng = np.random.default_rng(seed)
        self.Wg = rng.normal(size=(n_in, n_experts))
        self.bg = rng.normal(size=n_experts) * 0.3
        self.We = rng.normal(size=(n_experts, n_in, n_out))
        self.be = rng.normal(size=(n_experts, n_out)) * 0.3

    def _gate(self, x):
        s = x @ self.Wg + self.bg
        e = np.exp(s - s.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def step(self, x, target, learning_rate):
        n = len(x)
        p = self._gate(x)                                            # n, k
        experts = np.einsum('ni,kio->nko', x, self.We) + self.be     # n, k, o
        y = np.einsum('nk,nko->no', p, experts)
        err = y - target
        loss = 0.5 * np.sum(err ** 2) / n

        dy = err / n
        dp = np.einsum('no,nko->nk', dy, experts)
        dexp = p[:, :, None] * dy[:, None, :]
        ds = dp * p * (1 - p)  # FAULT
        self.Wg -= learning_rate * (x.T @ ds)
        self.bg -= learning_rate * ds.sum(axis=0)
        self.We -= learning_rate * np.einsum('ni,nko->kio', x, dexp)
        self.be -= learning_rate * dexp.sum(axis=0)
        return loss


class MixtureOfExpertsRepaired:
    def __init__(self, n_in=4, n_out=2, n_experts=3, seed=0):
        rng = np.random.default_rng(seed)
        self.Wg = rng.normal(size=(n_in, n_experts))
        self.bg = rng.normal(size=n_experts) * 0.3
        self.We = rng.normal(size=(n_experts, n_in, n_out))
        self.be = rng.normal(size=(n_experts, n_out)) * 0.3

    def _gate(self, x):
        s = x @ self.Wg + self.bg
        e = np.exp(s - s.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def step(self, x, target, learning_rate):
        n = len(x)
        p = self._gate(x)                                            # n, k
        experts = np.einsum('ni,kio->nko', x, self.We) + self.be     # n, k, o
        y = np.einsum('nk,nko->no', p, experts)
        err = y - target
        loss = 0.5 * np.sum(err ** 2) / n

        dy = err / n
        dp = np.einsum('no,nko->nk', dy, experts)
        dexp = p[:, :, None] * dy[:, None, :]
        ds = p * (dp - np.sum(dp * p, axis=1, keepdims=True))
        self.Wg -= learning_rate * (x.T @ ds)
        self.bg -= learning_rate * ds.sum(axis=0)
        self.We -= learning_rate * np.einsum('ni,nko->kio', x, dexp)
        self.be -= learning_rate * dexp.sum(axis=0)
        return loss


def faulty():
    rng = np.random.default_rng(14)
    return {"subject": MixtureOfExperts(), "inputs": (rng.normal(size=(6, 4)),), "target": rng.normal(size=(6, 2))}


def correct():
    rng = np.random.default_rng(14)
    return {"subject": MixtureOfExpertsRepaired(), "inputs": (rng.normal(size=(6, 4)),), "target": rng.normal(size=(6, 2))}
