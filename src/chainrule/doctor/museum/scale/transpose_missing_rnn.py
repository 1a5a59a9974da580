"""A recurrent step in the style of a short character model, column vectors.

Symptom: no error anywhere since Whh is square; the recurrent weights drift, the loss hardly falls.
Repair: dWhh = dz h_prev^T.
"""
import numpy as np

CODES = ("transpose-missing",)
PLACES = ("Whh",)


class CharRNN:
    def __init__(self, vocab_size, hidden_size, rng):
        self.Wxh = rng.normal(size=(hidden_size, vocab_size)) * 0.3
        self.Whh = rng.normal(size=(hidden_size, hidden_size)) * 0.3
        self.Why = rng.normal(size=(vocab_size, hidden_size)) * 0.3
        self.bh = rng.normal(size=(hidden_size, 1)) * 0.1
        self.by = rng.normal(size=(vocab_size, 1)) * 0.1

    def forward(self, xs):
        """xs (time, vocab, batch), one character per step -> scores of the same shape."""
        self.xs, self.hs = xs, {-1: np.zeros((len(self.bh), xs.shape[2]))}
        ys = []
        for t in range(len(xs)):
            self.hs[t] = np.tanh(self.Wxh @ xs[t] + self.Whh @ self.hs[t - 1] + self.bh)
            ys.append(self.Why @ self.hs[t] + self.by)
        return np.array(ys)

    def backward(self, dys):
        self.dWxh, self.dWhh, self.dWhy = map(np.zeros_like, (self.Wxh, self.Whh, self.Why))
        self.dbh, self.dby = np.zeros_like(self.bh), np.zeros_like(self.by)
        dxs = np.zeros_like(self.xs)
        dh_next = np.zeros_like(self.hs[0])
        for t in reversed(range(len(dys))):
            self.dWhy += dys[t] @ self.hs[t].T
            self.dby += dys[t].sum(axis=1, keepdims=True)
            dh = self.Why.T @ dys[t] + dh_next
            draw = (1 - self.hs[t] * self.hs[t]) * dh
            self.dbh += draw.sum(axis=1, keepdims=True)
            self.dWxh += draw @ self.xs[t].T
            self.dWhh += self.hs[t - 1] @ draw.T  # FAULT
            dxs[t] = self.Wxh.T @ draw
            dh_next = self.Whh.T @ draw
        return dxs


class CharRNNRepaired:
    def __init__(self, vocab_size, hidden_size, rng):
        self.Wxh = rng.normal(size=(hidden_size, vocab_size)) * 0.3
        self.Whh = rng.normal(size=(hidden_size, hidden_size)) * 0.3
        self.Why = rng.normal(size=(vocab_size, hidden_size)) * 0.3
        self.bh = rng.normal(size=(hidden_size, 1)) * 0.1
        self.by = rng.normal(size=(vocab_size, 1)) * 0.1

    def forward(self, xs):
        """xs (time, vocab, batch), one character per step -> scores of the same shape."""
        self.xs, self.hs = xs, {-1: np.zeros((len(self.bh), xs.shape[2]))}
        ys = []
        for t in range(len(xs)):
            self.hs[t] = np.tanh(self.Wxh @ xs[t] + self.Whh @ self.hs[t - 1] + self.bh)
            ys.append(self.Why @ self.hs[t] + self.by)
        return np.array(ys)

    def backward(self, dys):
        self.dWxh, self.dWhh, self.dWhy = map(np.zeros_like, (self.Wxh, self.Whh, self.Why))
        self.dbh, self.dby = np.zeros_like(self.bh), np.zeros_like(self.by)
        dxs = np.zeros_like(self.xs)
        dh_next = np.zeros_like(self.hs[0])
        for t in reversed(range(len(dys))):
            self.dWhy += dys[t] @ self.hs[t].T
            self.dby += dys[t].sum(axis=1, keepdims=True)
            dh = self.Why.T @ dys[t] + dh_next
            draw = (1 - self.hs[t] * self.hs[t]) * dh
            self.dbh += draw.sum(axis=1, keepdims=True)
            self.dWxh += draw @ self.xs[t].T
            self.dWhh += draw @ self.hs[t - 1].T
            dxs[t] = self.Wxh.T @ draw
            dh_next = self.Whh.T @ draw
        return dxs


def faulty():
    rng = np.random.default_rng(17)
    xs = np.eye(6)[[2, 0, 5, 3, 2]][:, :, None]
    return {"subject": CharRNN(6, 4, rng), "inputs": (xs,)}


def correct():
    rng = np.random.default_rng(17)
    xs = np.eye(6)[[2, 0, 5, 3, 2]][:, :, None]
    return {"subject": CharRNNRepaired(6, 4, rng), "inputs": (xs,)}
