"""Character-level RNN after the well-known gist, column vectors.

Symptom: gradient check fails for exactly the big entries, all of them equal to +-1.
Repair: clip in the training loop, not inside backward.
"""
import numpy as np

CODES = ("clipped-in-backward", "nonlinear-backward")
PLACES = ("Wxh", "Whh", "Why", "bh", "by", "")


class CharRNN:
    def __init__(self, vocab_size, hidden_size):
        np.random.seed(11)
        self.Wxh = np.random.randn(hidden_size, vocab_size) * 0.6
        self.Whh = np.random.randn(hidden_size, hidden_size) * 0.5
        self.Why = np.random.randn(vocab_size, hidden_size) * 0.9
        self.bh = np.zeros((hidden_size, 1))
        self.by = np.zeros((vocab_size, 1))

    def forward(self, inputs):
        """inputs: list of character ids; returns the scores (T, vocab)"""
        self.xs, self.hs = {}, {-1: np.zeros_like(self.bh)}
        ys = []
        for t in range(len(inputs)):
            self.xs[t] = np.zeros_like(self.by)
            self.xs[t][inputs[t]] = 1
            self.hs[t] = np.tanh(self.Wxh @ self.xs[t] + self.Whh @ self.hs[t - 1] + self.bh)
            ys.append((self.Why @ self.hs[t] + self.by).ravel())
        return np.array(ys)

    def backward(self, dys):
        self.dWxh, self.dWhh, self.dWhy = (np.zeros_like(w) for w in (self.Wxh, self.Whh, self.Why))
        self.dbh, self.dby = np.zeros_like(self.bh), np.zeros_like(self.by)
        dhnext = np.zeros_like(self.bh)
        for t in reversed(range(len(dys))):
            dy = dys[t][:, None]
            self.dWhy += dy @ self.hs[t].T
            self.dby += dy
            dh = self.Why.T @ dy + dhnext
            dhraw = (1 - self.hs[t] * self.hs[t]) * dh
            self.dbh += dhraw
            self.dWxh += dhraw @ self.xs[t].T
            self.dWhh += dhraw @ self.hs[t - 1].T
            dhnext = self.Whh.T @ dhraw
        every = (self.dWxh, self.dWhh, self.dWhy, self.dbh, self.dby)
        self.dWxh, self.dWhh, self.dWhy, self.dbh, self.dby = [np.clip(g, -1, 1) for g in every]  # FAULT


class CharRNNRepaired:
    def __init__(self, vocab_size, hidden_size):
        np.random.seed(11)
        self.Wxh = np.random.randn(hidden_size, vocab_size) * 0.6
        self.Whh = np.random.randn(hidden_size, hidden_size) * 0.5
        self.Why = np.random.randn(vocab_size, hidden_size) * 0.9
        self.bh = np.zeros((hidden_size, 1))
        self.by = np.zeros((vocab_size, 1))

    def forward(self, inputs):
        """inputs: list of character ids; returns the scores (T, vocab)"""
        self.xs, self.hs = {}, {-1: np.zeros_like(self.bh)}
        ys = []
        for t in range(len(inputs)):
            self.xs[t] = np.zeros_like(self.by)
            self.xs[t][inputs[t]] = 1
            self.hs[t] = np.tanh(self.Wxh @ self.xs[t] + self.Whh @ self.hs[t - 1] + self.bh)
            ys.append((self.Why @ self.hs[t] + self.by).ravel())
        return np.array(ys)

    def backward(self, dys):
        self.dWxh, self.dWhh, self.dWhy = (np.zeros_like(w) for w in (self.Wxh, self.Whh, self.Why))
        self.dbh, self.dby = np.zeros_like(self.bh), np.zeros_like(self.by)
        dhnext = np.zeros_like(self.bh)
        for t in reversed(range(len(dys))):
            dy = dys[t][:, None]
            self.dWhy += dy @ self.hs[t].T
            self.dby += dy
            dh = self.Why.T @ dy + dhnext
            dhraw = (1 - self.hs[t] * self.hs[t]) * dh
            self.dbh += dhraw
            self.dWxh += dhraw @ self.xs[t].T
            self.dWhh += dhraw @ self.hs[t - 1].T
            dhnext = self.Whh.T @ dhraw
        every = (self.dWxh, self.dWhh, self.dWhy, self.dbh, self.dby)
        self.dWxh, self.dWhh, self.dWhy, self.dbh, self.dby = every


def _data():
    return {"inputs": (np.array([1, 4, 0, 2, 4, 3, 1]),)}


def faulty():
    return dict(subject=CharRNN(6, 5), **_data())


def correct():
    return dict(subject=CharRNNRepaired(6, 5), **_data())
