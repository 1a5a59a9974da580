"""Binary cross entropy from a rounded probability: the logarithm of zero, times zero.

Symptom: the loss is NaN for confident samples, sooner or later also the weights.
Repair: compute the loss from the logit.
"""
import numpy as np

CODES = ("dtype-hazard",)
PLACES = ("", "loss", "target")


class ScoreModel:
    """Two layers in single precision; a sigmoid at the end."""

    def __init__(self, n_in, n_hidden, rng):
        self.W = (rng.normal(size=(n_in, n_hidden)) / np.sqrt(n_in)).astype(np.float32)
        self.c = np.zeros(n_hidden, dtype=np.float32)
        self.v = (rng.normal(size=(n_hidden, 1)) / np.sqrt(n_hidden)).astype(np.float32)
        self.d = np.zeros(1, dtype=np.float32)

    def logit(self, x):
        self.x = x
        self.h = np.maximum(x @ self.W + self.c, 0)
        return self.h @ self.v + self.d

    def predict(self, x):
        return 0.5 * (1 + np.tanh(0.5 * self.logit(x)))

    def train_step(self, x, target, learning_rate):
        z = self.logit(x)
        p = 0.5 * (1 + np.tanh(0.5 * z))
        loss = -np.mean(target * np.log(p) + (1 - target) * np.log(1 - p))  # FAULT
        dz = ((p - target) / len(x)).astype(np.float32)
        self.grad_v, self.grad_d = self.h.T @ dz, dz.sum(axis=0)
        dh = dz @ self.v.T * (self.h > 0)
        self.grad_W, self.grad_c = self.x.T @ dh, dh.sum(axis=0)
        for name in "Wcvd":
            change = np.float32(learning_rate) * getattr(self, "grad_" + name)
            setattr(self, name, getattr(self, name) - change)
        return float(loss)


class ScoreModelRepaired:
    """Two layers in single precision; a sigmoid at the end."""

    def __init__(self, n_in, n_hidden, rng):
        self.W = (rng.normal(size=(n_in, n_hidden)) / np.sqrt(n_in)).astype(np.float32)
        self.c = np.zeros(n_hidden, dtype=np.float32)
        self.v = (rng.normal(size=(n_hidden, 1)) / np.sqrt(n_hidden)).astype(np.float32)
        self.d = np.zeros(1, dtype=np.float32)

    def logit(self, x):
        self.x = x
        self.h = np.maximum(x @ self.W + self.c, 0)
        return self.h @ self.v + self.d

    def predict(self, x):
        return 0.5 * (1 + np.tanh(0.5 * self.logit(x)))

    def train_step(self, x, target, learning_rate):
        z = self.logit(x)
        p = 0.5 * (1 + np.tanh(0.5 * z))
        loss = np.mean(np.logaddexp(0, z) - target * z)
        dz = ((p - target) / len(x)).astype(np.float32)
        self.grad_v, self.grad_d = self.h.T @ dz, dz.sum(axis=0)
        dh = dz @ self.v.T * (self.h > 0)
        self.grad_W, self.grad_c = self.x.T @ dh, dh.sum(axis=0)
        for name in "Wcvd":
            change = np.float32(learning_rate) * getattr(self, "grad_" + name)
            setattr(self, name, getattr(self, name) - change)
        return float(loss)


def scores(n, seed):
    """Heavy tails: most rows are small, some are twenty times as large."""
    rng = np.random.default_rng(seed)
    t = rng.integers(2, size=(n, 1))
    size = np.where(rng.random((n, 1)) < 0.1, 20.0, 1.0)
    direction = np.array([1.0, -1.0, 0.8, 0.5, -0.6, 0.7])
    return (size * ((2 * t - 1) * direction + 0.6 * rng.normal(size=(n, 6)))).astype("f4"), t


def faulty():
    x, t = scores(200, seed=81)
    return {"training_check": True, "subject": ScoreModel(6, 11, np.random.default_rng(82)), "x": x[:150],
            "target": t[:150], "evaluation": (x[150:], t[150:]), "learning_rate": 0.01, "batch_size": 50,
            "steps": 80}


def correct():
    x, t = scores(200, seed=81)
    return {"training_check": True, "subject": ScoreModelRepaired(6, 11, np.random.default_rng(82)),
            "x": x[:150],
            "target": t[:150], "evaluation": (x[150:], t[150:]), "learning_rate": 0.01, "batch_size": 50,
            "steps": 80}
