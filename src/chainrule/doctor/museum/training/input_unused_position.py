"""A sequence classifier in which the positional table replaces the projected signal.

Symptom: the model gives the same answer for every sequence, and its first weight has no gradient.
Repair: add the table to the projection.
"""
import numpy as np

CODES = ("input-unused", "single-class-collapse")
PLACES = ("x", "Win", "params.Win", "", "projection")


class SequenceClassifier:
    """Projection plus positions, tanh, mean over time, softmax."""

    def __init__(self, features, width, length, classes, rng):
        self.params = {
            "Win": rng.normal(size=(features, width)) / np.sqrt(features),
            "positions": 0.3 * rng.normal(size=(length, width)),
            "Wout": rng.normal(size=(width, classes)) / np.sqrt(width),
            "bout": np.zeros(classes),
        }
        self.grads = {}

    def forward(self, x):
        p = self.params
        self.x = x
        h = np.einsum("btf,fw->btw", x, p["Win"])
        h = np.broadcast_to(p["positions"], h.shape)  # FAULT
        self.a = np.tanh(h)
        self.pooled = self.a.mean(axis=1)
        return self.pooled @ p["Wout"] + p["bout"]

    def backward(self, dlogits):
        p, g = self.params, self.grads
        g["Wout"] = self.pooled.T @ dlogits
        g["bout"] = dlogits.sum(axis=0)
        da = np.repeat((dlogits @ p["Wout"].T)[:, None, :], self.a.shape[1], axis=1) / self.a.shape[1]
        dh = da * (1 - self.a ** 2)
        g["positions"] = dh.sum(axis=0)
        dh = np.zeros_like(dh)
        g["Win"] = np.einsum("btf,btw->fw", self.x, dh)
        return np.einsum("btw,fw->btf", dh, p["Win"])


class SGD:
    def __init__(self, lr):
        self.lr = lr

    def update(self, params, grads):
        for key in params:
            params[key] -= self.lr * grads[key]


class SequenceClassifierRepaired:
    """Projection plus positions, tanh, mean over time, softmax."""

    def __init__(self, features, width, length, classes, rng):
        self.params = {
            "Win": rng.normal(size=(features, width)) / np.sqrt(features),
            "positions": 0.3 * rng.normal(size=(length, width)),
            "Wout": rng.normal(size=(width, classes)) / np.sqrt(width),
            "bout": np.zeros(classes),
        }
        self.grads = {}

    def forward(self, x):
        p = self.params
        self.x = x
        h = np.einsum("btf,fw->btw", x, p["Win"])
        h = h + p["positions"]
        self.a = np.tanh(h)
        self.pooled = self.a.mean(axis=1)
        return self.pooled @ p["Wout"] + p["bout"]

    def backward(self, dlogits):
        p, g = self.params, self.grads
        g["Wout"] = self.pooled.T @ dlogits
        g["bout"] = dlogits.sum(axis=0)
        da = np.repeat((dlogits @ p["Wout"].T)[:, None, :], self.a.shape[1], axis=1) / self.a.shape[1]
        dh = da * (1 - self.a ** 2)
        g["positions"] = dh.sum(axis=0)
        g["Win"] = np.einsum("btf,btw->fw", self.x, dh)
        return np.einsum("btw,fw->btf", dh, p["Win"])


class SGD_REPAIRED:
    def __init__(self, lr):
        self.lr = lr

    def update(self, params, grads):
        for key in params:
            params[key] -= self.lr * grads[key]


def loss(logits, y):
    z = logits - logits.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]))


def loss_gradient(logits, y):
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    return p / len(y)


def faulty():
    rng = np.random.default_rng(57)
    y = rng.integers(3, size=150)
    x = 0.8 * rng.normal(size=(150, 8, 5)) + rng.normal(size=(3, 1, 5))[y]
    model = SequenceClassifier(5, 13, 8, 3, rng)
    return {"training_check": True, "subject": model, "x": x[:110], "target": y[:110], "optimizer": SGD(0.3),
            "loss": (loss, loss_gradient), "evaluation": (x[110:], y[110:]), "learning_rate": 0.3,
            "batch_size": 22,
            "steps": 60}


def correct():
    rng = np.random.default_rng(57)
    y = rng.integers(3, size=150)
    x = 0.8 * rng.normal(size=(150, 8, 5)) + rng.normal(size=(3, 1, 5))[y]
    model = SequenceClassifierRepaired(5, 13, 8, 3, rng)
    return {"training_check": True, "subject": model, "x": x[:110], "target": y[:110],
            "optimizer": SGD_REPAIRED(0.3),
            "loss": (loss, loss_gradient), "evaluation": (x[110:], y[110:]), "learning_rate": 0.3,
            "batch_size": 22,
            "steps": 60}
