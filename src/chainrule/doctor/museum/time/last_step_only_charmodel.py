"""A character model with a loss at every step; the output weights remember one step only.

Symptom: the text gets its rhythm right before it gets any letter right.
Repair: add the outer products of all steps.
"""
import numpy as np

CODES = ("last-step-only",)
PLACES = ("Why", "by", "params.Why", "params.by", "dWhy", "")


def loss_at_steps(y, targets):
    """Mean cross entropy in nats; y (T, V) logits, targets (T,) ids."""
    shifted = y - y.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(-log_p[np.arange(len(targets)), targets].mean())


def loss_at_steps_gradient(y, targets):
    p = np.exp(y - y.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(targets)), targets] -= 1.0
    return p / len(targets)


class CharRNN:
    def __init__(self, vocabulary, hidden, seed=0):
        rng = np.random.default_rng(seed)
        self.Wxh = rng.normal(size=(hidden, vocabulary)) * 0.5
        self.Whh = rng.normal(size=(hidden, hidden)) * 0.5
        self.Why = rng.normal(size=(vocabulary, hidden)) * 0.5
        self.bh = np.zeros(hidden)
        self.by = np.zeros(vocabulary)

    def forward(self, ids):
        self.ids = ids
        self.hs = {-1: np.zeros(len(self.bh))}
        ys = []
        for t, k in enumerate(ids):
            self.hs[t] = np.tanh(self.Wxh[:, k] + self.Whh @ self.hs[t - 1] + self.bh)
            ys.append(self.Why @ self.hs[t] + self.by)
        return np.array(ys)

    def backward(self, dys):
        self.dWxh, self.dWhh = np.zeros_like(self.Wxh), np.zeros_like(self.Whh)
        self.dWhy = np.zeros_like(self.Why)
        self.dbh, self.dby = np.zeros_like(self.bh), np.zeros_like(self.by)
        dhnext = np.zeros_like(self.bh)
        for t in reversed(range(len(self.ids))):
            self.dWhy = np.outer(dys[t], self.hs[t])  # FAULT
            self.dby += dys[t]
            dh = self.Why.T @ dys[t] + dhnext
            draw = (1 - self.hs[t] * self.hs[t]) * dh
            self.dbh += draw
            self.dWxh[:, self.ids[t]] += draw
            self.dWhh += np.outer(draw, self.hs[t - 1])
            dhnext = self.Whh.T @ draw
        return None


class CharRNNRepaired:
    def __init__(self, vocabulary, hidden, seed=0):
        rng = np.random.default_rng(seed)
        self.Wxh = rng.normal(size=(hidden, vocabulary)) * 0.5
        self.Whh = rng.normal(size=(hidden, hidden)) * 0.5
        self.Why = rng.normal(size=(vocabulary, hidden)) * 0.5
        self.bh = np.zeros(hidden)
        self.by = np.zeros(vocabulary)

    def forward(self, ids):
        self.ids = ids
        self.hs = {-1: np.zeros(len(self.bh))}
        ys = []
        for t, k in enumerate(ids):
            self.hs[t] = np.tanh(self.Wxh[:, k] + self.Whh @ self.hs[t - 1] + self.bh)
            ys.append(self.Why @ self.hs[t] + self.by)
        return np.array(ys)

    def backward(self, dys):
        self.dWxh, self.dWhh = np.zeros_like(self.Wxh), np.zeros_like(self.Whh)
        self.dWhy = np.zeros_like(self.Why)
        self.dbh, self.dby = np.zeros_like(self.bh), np.zeros_like(self.by)
        dhnext = np.zeros_like(self.bh)
        for t in reversed(range(len(self.ids))):
            self.dWhy += np.outer(dys[t], self.hs[t])
            self.dby += dys[t]
            dh = self.Why.T @ dys[t] + dhnext
            draw = (1 - self.hs[t] * self.hs[t]) * dh
            self.dbh += draw
            self.dWxh[:, self.ids[t]] += draw
            self.dWhh += np.outer(draw, self.hs[t - 1])
            dhnext = self.Whh.T @ draw
        return None


def faulty():
    ids = np.array([1, 4, 2, 2, 0])
    return {
        "subject": CharRNN(6, 4), "inputs": (ids,), "target": np.array([4, 2, 2, 0, 5]),
        "loss": (loss_at_steps, loss_at_steps_gradient),
    }


def correct():
    ids = np.array([1, 4, 2, 2, 0])
    return {
        "subject": CharRNNRepaired(6, 4), "inputs": (ids,), "target": np.array([4, 2, 2, 0, 5]),
        "loss": (loss_at_steps, loss_at_steps_gradient),
    }
