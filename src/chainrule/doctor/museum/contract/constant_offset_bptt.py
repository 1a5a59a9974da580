"""A character-level recurrent layer, returning every hidden state; names as in a well known gist.

Symptom: even with a loss of zero the weights drift; short sequences suffer most.
Repair: nothing arrives from beyond the last step, so the carried gradient starts at zero.
"""
import numpy as np

CODES = ("constant-offset",)
PLACES = ("", "Wxh", "Whh", "bh", "inputs", "dhnext")


class CharRNN:
    def __init__(self, vocab, hidden, rng):
        self.Wxh = rng.standard_normal((hidden, vocab)) * 0.4
        self.Whh = rng.standard_normal((hidden, hidden)) * 0.3
        self.bh = rng.standard_normal(hidden) * 0.1

    def forward(self, inputs):
        """inputs: one sequence of vectors, (T, vocab)."""
        self.xs = inputs
        self.hs = {-1: np.zeros_like(self.bh)}
        for t in range(len(inputs)):
            self.hs[t] = np.tanh(np.dot(self.Wxh, inputs[t]) + np.dot(self.Whh, self.hs[t - 1]) + self.bh)
        return np.array([self.hs[t] for t in range(len(inputs))])

    def backward(self, dhs):
        self.dWxh, self.dWhh = np.zeros_like(self.Wxh), np.zeros_like(self.Whh)
        self.dbh = np.zeros_like(self.bh)
        dxs = np.zeros_like(self.xs)
        dhnext = np.ones_like(self.bh)  # FAULT
        for t in reversed(range(len(self.xs))):
            dh = dhs[t] + dhnext
            dhraw = (1 - self.hs[t] * self.hs[t]) * dh
            self.dbh += dhraw
            self.dWxh += np.outer(dhraw, self.xs[t])
            self.dWhh += np.outer(dhraw, self.hs[t - 1])
            dxs[t] = np.dot(self.Wxh.T, dhraw)
            dhnext = np.dot(self.Whh.T, dhraw)
        return dxs


class CharRNNRepaired:
    def __init__(self, vocab, hidden, rng):
        self.Wxh = rng.standard_normal((hidden, vocab)) * 0.4
        self.Whh = rng.standard_normal((hidden, hidden)) * 0.3
        self.bh = rng.standard_normal(hidden) * 0.1

    def forward(self, inputs):
        """inputs: one sequence of vectors, (T, vocab)."""
        self.xs = inputs
        self.hs = {-1: np.zeros_like(self.bh)}
        for t in range(len(inputs)):
            self.hs[t] = np.tanh(np.dot(self.Wxh, inputs[t]) + np.dot(self.Whh, self.hs[t - 1]) + self.bh)
        return np.array([self.hs[t] for t in range(len(inputs))])

    def backward(self, dhs):
        self.dWxh, self.dWhh = np.zeros_like(self.Wxh), np.zeros_like(self.Whh)
        self.dbh = np.zeros_like(self.bh)
        dxs = np.zeros_like(self.xs)
        dhnext = np.zeros_like(self.bh)
        for t in reversed(range(len(self.xs))):
            dh = dhs[t] + dhnext
            dhraw = (1 - self.hs[t] * self.hs[t]) * dh
            self.dbh += dhraw
            self.dWxh += np.outer(dhraw, self.xs[t])
            self.dWhh += np.outer(dhraw, self.hs[t - 1])
            dxs[t] = np.dot(self.Wxh.T, dhraw)
            dhnext = np.dot(self.Whh.T, dhraw)
        return dxs


def faulty():
    rng = np.random.default_rng(38)
    return {"subject": CharRNN(4, 6, rng), "inputs": (rng.standard_normal((5, 4)),)}


def correct():
    rng = np.random.default_rng(38)
    return {"subject": CharRNNRepaired(4, 6, rng), "inputs": (rng.standard_normal((5, 4)),)}
