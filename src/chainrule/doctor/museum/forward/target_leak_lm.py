"""A small translator whose decoder is fed the tokens that it has to predict.

Symptom: the loss goes to zero, generation fails.
Repair: shift the decoder's input by one.
"""
import numpy as np

CODES = ("target-leak",)
PLACES = ("", "E", "x", "target")


class Translator:
    """step(source, target, learning_rate): predicts target[:, t] from the source and the tokens before t."""

    START = 0

    def __init__(self, vocab, d, rng):
        self.S = rng.normal(size=(vocab, d)) * 0.3
        self.E = rng.normal(size=(vocab, d)) * 0.3
        self.U = rng.normal(size=(d, vocab)) * 0.3

    def step(self, x, target, learning_rate):
        inp = target  # FAULT
        h = np.tanh(self.S[x].mean(axis=1, keepdims=True) + self.E[inp])
        z = h @ self.U
        p = np.exp(z - z.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        hot = np.eye(len(self.E))[target]
        loss = -(hot * np.log(p)).sum() / target.size
        dz = (p - hot) / target.size
        da = dz @ self.U.T * (1 - h ** 2)
        dU = np.einsum("btd,btv->dv", h, dz)
        dE, dS = np.zeros_like(self.E), np.zeros_like(self.S)
        np.add.at(dE, inp, da)
        ds = da.sum(axis=1, keepdims=True) / x.shape[1]
        np.add.at(dS, x, np.repeat(ds, x.shape[1], axis=1))
        for p, g in ((self.U, dU), (self.E, dE), (self.S, dS)):
            p -= learning_rate * g
        return loss


class TranslatorRepaired:
    """step(source, target, learning_rate): predicts target[:, t] from the source and the tokens before t."""

    START = 0

    def __init__(self, vocab, d, rng):
        self.S = rng.normal(size=(vocab, d)) * 0.3
        self.E = rng.normal(size=(vocab, d)) * 0.3
        self.U = rng.normal(size=(d, vocab)) * 0.3

    def step(self, x, target, learning_rate):
        start = np.full((len(target), 1), self.START)
        inp = np.concatenate([start, target[:, :-1]], axis=1)
        h = np.tanh(self.S[x].mean(axis=1, keepdims=True) + self.E[inp])
        z = h @ self.U
        p = np.exp(z - z.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        hot = np.eye(len(self.E))[target]
        loss = -(hot * np.log(p)).sum() / target.size
        dz = (p - hot) / target.size
        da = dz @ self.U.T * (1 - h ** 2)
        dU = np.einsum("btd,btv->dv", h, dz)
        dE, dS = np.zeros_like(self.E), np.zeros_like(self.S)
        np.add.at(dE, inp, da)
        ds = da.sum(axis=1, keepdims=True) / x.shape[1]
        np.add.at(dS, x, np.repeat(ds, x.shape[1], axis=1))
        for p, g in ((self.U, dU), (self.E, dE), (self.S, dS)):
            p -= learning_rate * g
        return loss


def faulty():
    rng = np.random.default_rng(81)
    source = np.array([[1, 5, 3], [4, 3, 2]])
    target = np.array([[1, 2, 3, 1, 4], [2, 3, 5, 4, 1]])
    return {"subject": Translator(6, 4, rng), "inputs": (source,), "target": target, "intent": {"causal"}}


def correct():
    rng = np.random.default_rng(81)
    source = np.array([[1, 5, 3], [4, 3, 2]])
    target = np.array([[1, 2, 3, 1, 4], [2, 3, 5, 4, 1]])
    return {"subject": TranslatorRepaired(6, 4, rng),
            "inputs": (source,), "target": target, "intent": {"causal"}}
