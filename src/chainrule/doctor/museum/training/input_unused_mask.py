"""A classifier with input dropout that keeps what it should drop, at a rate of zero.

Symptom: every picture gives the same logits; the loss stays at ln C.
Repair: keep an entry where the random number is not below the drop rate.
"""
import numpy as np

CODES = ("input-unused", "single-class-collapse")
PLACES = ("x", "dropout", "", "fc1")


class Dropout:
    def __init__(self, rate, seed):
        self.rate = rate
        self.rng = np.random.default_rng(seed)

    def forward(self, x):
        self.mask = (self.rng.random(x.shape) < self.rate) / (1.0 - self.rate)  # FAULT
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


class FullyConnected:
    def __init__(self, n_in, n_out, rng):
        self.W = rng.normal(size=(n_in, n_out)) / np.sqrt(n_in)
        self.b = rng.normal(size=n_out) * 0.1

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.dW = self.x.T @ dy
        self.db = dy.sum(axis=0)
        return dy @ self.W.T


class Model:
    def __init__(self, rng, drop=0.0):
        self.dropout = Dropout(drop, seed=1)
        self.fc1 = FullyConnected(9, 15, rng)
        self.fc2 = FullyConnected(15, 3, rng)

    def forward(self, x):
        self.h = np.tanh(self.fc1.forward(self.dropout.forward(x)))
        return self.fc2.forward(self.h)

    def backward(self, dy):
        return self.dropout.backward(self.fc1.backward(self.fc2.backward(dy) * (1 - self.h ** 2)))

    def train_step(self, x, target, learning_rate):
        logits = self.forward(x)
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(x)), target]).mean()
        p[np.arange(len(x)), target] -= 1
        self.backward(p / len(x))
        for layer in (self.fc1, self.fc2):
            layer.W -= learning_rate * layer.dW
            layer.b -= learning_rate * layer.db
        return float(loss)


class DropoutRepaired:
    def __init__(self, rate, seed):
        self.rate = rate
        self.rng = np.random.default_rng(seed)

    def forward(self, x):
        self.mask = (self.rng.random(x.shape) >= self.rate) / (1.0 - self.rate)
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


class FullyConnectedRepaired:
    def __init__(self, n_in, n_out, rng):
        self.W = rng.normal(size=(n_in, n_out)) / np.sqrt(n_in)
        self.b = rng.normal(size=n_out) * 0.1

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.dW = self.x.T @ dy
        self.db = dy.sum(axis=0)
        return dy @ self.W.T


class ModelRepaired:
    def __init__(self, rng, drop=0.0):
        self.dropout = DropoutRepaired(drop, seed=1)
        self.fc1 = FullyConnectedRepaired(9, 15, rng)
        self.fc2 = FullyConnectedRepaired(15, 3, rng)

    def forward(self, x):
        self.h = np.tanh(self.fc1.forward(self.dropout.forward(x)))
        return self.fc2.forward(self.h)

    def backward(self, dy):
        return self.dropout.backward(self.fc1.backward(self.fc2.backward(dy) * (1 - self.h ** 2)))

    def train_step(self, x, target, learning_rate):
        logits = self.forward(x)
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(x)), target]).mean()
        p[np.arange(len(x)), target] -= 1
        self.backward(p / len(x))
        for layer in (self.fc1, self.fc2):
            layer.W -= learning_rate * layer.dW
            layer.b -= learning_rate * layer.db
        return float(loss)


def faulty():
    rng = np.random.default_rng(56)
    centers = rng.normal(size=(3, 9))
    y = rng.integers(3, size=180)
    x = centers[y] + 0.6 * rng.normal(size=(180, 9))
    return {"training_check": True, "subject": Model(rng), "x": x[:135], "target": y[:135],
            "evaluation": (x[135:], y[135:]), "learning_rate": 0.1, "batch_size": 27, "steps": 60}


def correct():
    rng = np.random.default_rng(56)
    centers = rng.normal(size=(3, 9))
    y = rng.integers(3, size=180)
    x = centers[y] + 0.6 * rng.normal(size=(180, 9))
    return {"training_check": True, "subject": ModelRepaired(rng), "x": x[:135], "target": y[:135],
            "evaluation": (x[135:], y[135:]), "learning_rate": 0.1, "batch_size": 27, "steps": 60}
