"""A network with ReLU units that is trained with a learning rate fit for nothing.

Symptom: after a few steps every hidden unit is dead and one class is predicted for all.
Repair: a learning rate a hundred times smaller.
"""
import numpy as np

CODES = ("single-class-collapse", "dead-units", "update-ratio-off")
PLACES = ("", "W1", "W2", "learning_rate", "b1", "b2", "h1", "h2")

LEARNING_RATE = 10.0  # FAULT


class ReluNet:
    def __init__(self, rng, dims=(14, 22, 18, 5)):
        d0, d1, d2, d3 = dims
        self.W1, self.b1 = rng.normal(0, np.sqrt(2 / d0), (d0, d1)), np.zeros(d1)
        self.W2, self.b2 = rng.normal(0, np.sqrt(2 / d1), (d1, d2)), np.zeros(d2)
        self.W3, self.b3 = rng.normal(0, np.sqrt(0.3 / d2), (d2, d3)), np.zeros(d3)

    def forward(self, x):
        self.x = x
        self.h1 = np.maximum(0, x @ self.W1 + self.b1)
        self.h2 = np.maximum(0, self.h1 @ self.W2 + self.b2)
        return self.h2 @ self.W3 + self.b3

    def train_step(self, x, y, learning_rate):
        s = self.forward(x)
        s = s - s.max(axis=1, keepdims=True)
        log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
        loss = -log_p[np.arange(len(y)), y].mean()
        ds = np.exp(log_p)
        ds[np.arange(len(y)), y] -= 1
        ds /= len(y)
        dz2 = ds @ self.W3.T * (self.h2 > 0)
        dz1 = dz2 @ self.W2.T * (self.h1 > 0)
        gradients = {"W3": self.h2.T @ ds, "b3": ds.sum(0), "W2": self.h1.T @ dz2, "b2": dz2.sum(0),
                     "W1": self.x.T @ dz1, "b1": dz1.sum(0)}
        for name, gradient in gradients.items():
            setattr(self, name, getattr(self, name) - learning_rate * gradient)
        return float(loss)


LEARNING_RATE_REPAIRED = 0.1


class ReluNetRepaired:
    def __init__(self, rng, dims=(14, 22, 18, 5)):
        d0, d1, d2, d3 = dims
        self.W1, self.b1 = rng.normal(0, np.sqrt(2 / d0), (d0, d1)), np.zeros(d1)
        self.W2, self.b2 = rng.normal(0, np.sqrt(2 / d1), (d1, d2)), np.zeros(d2)
        self.W3, self.b3 = rng.normal(0, np.sqrt(0.3 / d2), (d2, d3)), np.zeros(d3)

    def forward(self, x):
        self.x = x
        self.h1 = np.maximum(0, x @ self.W1 + self.b1)
        self.h2 = np.maximum(0, self.h1 @ self.W2 + self.b2)
        return self.h2 @ self.W3 + self.b3

    def train_step(self, x, y, learning_rate):
        s = self.forward(x)
        s = s - s.max(axis=1, keepdims=True)
        log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
        loss = -log_p[np.arange(len(y)), y].mean()
        ds = np.exp(log_p)
        ds[np.arange(len(y)), y] -= 1
        ds /= len(y)
        dz2 = ds @ self.W3.T * (self.h2 > 0)
        dz1 = dz2 @ self.W2.T * (self.h1 > 0)
        gradients = {"W3": self.h2.T @ ds, "b3": ds.sum(0), "W2": self.h1.T @ dz2, "b2": dz2.sum(0),
                     "W1": self.x.T @ dz1, "b1": dz1.sum(0)}
        for name, gradient in gradients.items():
            setattr(self, name, getattr(self, name) - learning_rate * gradient)
        return float(loss)


def faulty():
    rng = np.random.default_rng(35)
    centers = rng.normal(size=(5, 14)) * 0.8
    y = rng.integers(5, size=250)
    x = centers[y] + 0.6 * rng.normal(size=(250, 14))
    return {"training_check": True, "subject": ReluNet(rng), "x": x[:200], "target": y[:200],
            "evaluation": (x[200:], y[200:]), "learning_rate": LEARNING_RATE, "batch_size": 50, "steps": 60}


def correct():
    rng = np.random.default_rng(35)
    centers = rng.normal(size=(5, 14)) * 0.8
    y = rng.integers(5, size=250)
    x = centers[y] + 0.6 * rng.normal(size=(250, 14))
    return {"training_check": True, "subject": ReluNetRepaired(rng), "x": x[:200], "target": y[:200],
            "evaluation": (x[200:], y[200:]), "learning_rate": LEARNING_RATE_REPAIRED, "batch_size": 50,
            "steps": 60}
