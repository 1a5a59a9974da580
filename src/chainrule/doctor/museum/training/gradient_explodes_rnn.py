"""A recurrent network whose hidden matrix is drawn without any scale.

Symptom: the gradient at the first steps is orders of magnitude larger than at the last; the loss jumps.
Repair: start from the identity, a spectral radius of one or a little below.
"""
import numpy as np

CODES = ("gradient-explodes", "initial-loss-off")
PLACES = ("Whh", "Wxh", "")


class VanillaRNN:
    """ReLU recurrence over (batch, time, features); the last state gives the logits."""

    def __init__(self, n_in, n_hidden, n_out, rng):
        self.Wxh = rng.normal(size=(n_in, n_hidden)) * 0.2
        self.Whh = 0.45 * rng.normal(size=(n_hidden, n_hidden))  # FAULT
        self.bh = np.zeros(n_hidden)
        self.Why = rng.normal(size=(n_hidden, n_out)) * 0.2
        self.by = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        B, T, _ = x.shape
        self.hs = [np.zeros((B, self.bh.size))]
        for t in range(T):
            self.hs.append(np.maximum(0, x[:, t] @ self.Wxh + self.hs[-1] @ self.Whh + self.bh))
        return self.hs[-1] @ self.Why + self.by

    def backward(self, dy):
        self.dWhy = self.hs[-1].T @ dy
        self.dby = dy.sum(axis=0)
        self.dWxh = np.zeros_like(self.Wxh)
        self.dWhh = np.zeros_like(self.Whh)
        self.dbh = np.zeros_like(self.bh)
        dx = np.zeros_like(self.x)
        dh = dy @ self.Why.T
        for t in reversed(range(self.x.shape[1])):
            dz = dh * (self.hs[t + 1] > 0)
            self.dWxh += self.x[:, t].T @ dz
            self.dWhh += self.hs[t].T @ dz
            self.dbh += dz.sum(axis=0)
            dx[:, t] = dz @ self.Wxh.T
            dh = dz @ self.Whh.T
        return dx

    def train_step(self, x, target, learning_rate):
        y = self.forward(x)
        z = y - y.max(axis=1, keepdims=True)
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        loss = np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(x)), target])
        p[np.arange(len(x)), target] -= 1
        self.backward(p / len(x))
        for name in ("Wxh", "Whh", "bh", "Why", "by"):
            array = getattr(self, name)
            array -= learning_rate * getattr(self, "d" + name)
        return float(loss)


class VanillaRNNRepaired:
    """ReLU recurrence over (batch, time, features); the last state gives the logits."""

    def __init__(self, n_in, n_hidden, n_out, rng):
        self.Wxh = rng.normal(size=(n_in, n_hidden)) * 0.2
        self.Whh = 0.98 * np.eye(n_hidden)
        self.bh = np.zeros(n_hidden)
        self.Why = rng.normal(size=(n_hidden, n_out)) * 0.2
        self.by = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        B, T, _ = x.shape
        self.hs = [np.zeros((B, self.bh.size))]
        for t in range(T):
            self.hs.append(np.maximum(0, x[:, t] @ self.Wxh + self.hs[-1] @ self.Whh + self.bh))
        return self.hs[-1] @ self.Why + self.by

    def backward(self, dy):
        self.dWhy = self.hs[-1].T @ dy
        self.dby = dy.sum(axis=0)
        self.dWxh = np.zeros_like(self.Wxh)
        self.dWhh = np.zeros_like(self.Whh)
        self.dbh = np.zeros_like(self.bh)
        dx = np.zeros_like(self.x)
        dh = dy @ self.Why.T
        for t in reversed(range(self.x.shape[1])):
            dz = dh * (self.hs[t + 1] > 0)
            self.dWxh += self.x[:, t].T @ dz
            self.dWhh += self.hs[t].T @ dz
            self.dbh += dz.sum(axis=0)
            dx[:, t] = dz @ self.Wxh.T
            dh = dz @ self.Whh.T
        return dx

    def train_step(self, x, target, learning_rate):
        y = self.forward(x)
        z = y - y.max(axis=1, keepdims=True)
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        loss = np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(x)), target])
        p[np.arange(len(x)), target] -= 1
        self.backward(p / len(x))
        for name in ("Wxh", "Whh", "bh", "Why", "by"):
            array = getattr(self, name)
            array -= learning_rate * getattr(self, "d" + name)
        return float(loss)


def waves(n, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=n)
    t = np.arange(14)
    clean = np.sin((0.3 + 0.4 * y)[:, None] * t + rng.uniform(0, 1, size=(n, 1)))
    return np.stack([clean, np.cos(t) + 0 * clean], axis=2) + 0.1 * rng.normal(size=(n, 14, 2)), y


def faulty():
    x, y = waves(160, seed=38)
    return {"training_check": True, "subject": VanillaRNN(2, 18, 3, np.random.default_rng(39)), "x": x[:120],
            "target": y[:120], "evaluation": (x[120:], y[120:]), "learning_rate": 0.03, "batch_size": 40,
            "steps": 100}


def correct():
    x, y = waves(160, seed=38)
    return {"training_check": True, "subject": VanillaRNNRepaired(2, 18, 3, np.random.default_rng(39)),
            "x": x[:120],
            "target": y[:120], "evaluation": (x[120:], y[120:]), "learning_rate": 0.03, "batch_size": 40,
            "steps": 100}
