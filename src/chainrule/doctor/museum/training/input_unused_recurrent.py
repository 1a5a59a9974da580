"""A recurrent network that multiplies the previous state, not the input, by its input weights.

Symptom: the state stays where it started, whatever the sequence says.
Repair: project x[:, t].
"""
import numpy as np

CODES = ("input-unused", "single-class-collapse")
PLACES = ("x", "U", "")


class ElmanNetwork:
    """Input and state have the same width."""

    def __init__(self, width, classes, rng):
        self.U = rng.normal(size=(width, width)) / np.sqrt(width)
        self.W = 0.7 * np.linalg.qr(rng.normal(size=(width, width)))[0]
        self.b = 0.2 * rng.normal(size=width)
        self.V = rng.normal(size=(width, classes)) / np.sqrt(width)
        self.c = np.zeros(classes)

    def forward(self, x):
        h = np.zeros((x.shape[0], x.shape[2]))
        self.steps = []
        for t in range(x.shape[1]):
            source = h  # FAULT
            new = np.tanh(source @ self.U + h @ self.W + self.b)
            self.steps.append((source, h, new))
            h = new
        self.shape = x.shape
        return h @ self.V + self.c

    def backward(self, dlogits):
        h = self.steps[-1][2]
        self.dV, self.dc = h.T @ dlogits, dlogits.sum(axis=0)
        self.dU, self.dW, self.db = np.zeros_like(self.U), np.zeros_like(self.W), np.zeros_like(self.b)
        dx = np.zeros(self.shape)
        dh = dlogits @ self.V.T
        for t in reversed(range(self.shape[1])):
            source, previous, new = self.steps[t]
            dz = dh * (1 - new ** 2)
            self.dU += source.T @ dz
            self.dW += previous.T @ dz
            self.db += dz.sum(axis=0)
            dh = dz @ self.W.T + dz @ self.U.T
        return dx

    def train_on_batch(self, x, y, learning_rate):
        s = self.forward(x)
        s = s - s.max(axis=1, keepdims=True)
        p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
        loss = -np.mean(np.log(p[np.arange(len(y)), y]))
        p[np.arange(len(y)), y] -= 1
        self.backward(p / len(y))
        for name in "UWbVc":
            array = getattr(self, name)
            array -= learning_rate * getattr(self, "d" + name)
        return float(loss)


class ElmanNetworkRepaired:
    """Input and state have the same width."""

    def __init__(self, width, classes, rng):
        self.U = rng.normal(size=(width, width)) / np.sqrt(width)
        self.W = 0.7 * np.linalg.qr(rng.normal(size=(width, width)))[0]
        self.b = 0.2 * rng.normal(size=width)
        self.V = rng.normal(size=(width, classes)) / np.sqrt(width)
        self.c = np.zeros(classes)

    def forward(self, x):
        h = np.zeros((x.shape[0], x.shape[2]))
        self.steps = []
        for t in range(x.shape[1]):
            source = x[:, t]
            new = np.tanh(source @ self.U + h @ self.W + self.b)
            self.steps.append((source, h, new))
            h = new
        self.shape = x.shape
        return h @ self.V + self.c

    def backward(self, dlogits):
        h = self.steps[-1][2]
        self.dV, self.dc = h.T @ dlogits, dlogits.sum(axis=0)
        self.dU, self.dW, self.db = np.zeros_like(self.U), np.zeros_like(self.W), np.zeros_like(self.b)
        dx = np.zeros(self.shape)
        dh = dlogits @ self.V.T
        for t in reversed(range(self.shape[1])):
            source, previous, new = self.steps[t]
            dz = dh * (1 - new ** 2)
            self.dU += source.T @ dz
            self.dW += previous.T @ dz
            self.db += dz.sum(axis=0)
            dx[:, t] = dz @ self.U.T
            dh = dz @ self.W.T
        return dx

    def train_on_batch(self, x, y, learning_rate):
        s = self.forward(x)
        s = s - s.max(axis=1, keepdims=True)
        p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
        loss = -np.mean(np.log(p[np.arange(len(y)), y]))
        p[np.arange(len(y)), y] -= 1
        self.backward(p / len(y))
        for name in "UWbVc":
            array = getattr(self, name)
            array -= learning_rate * getattr(self, "d" + name)
        return float(loss)


def faulty():
    rng = np.random.default_rng(58)
    y = rng.integers(4, size=160)
    x = 0.6 * rng.normal(size=(160, 6, 7)) + rng.normal(size=(4, 1, 7))[y]
    return {"training_check": True, "subject": ElmanNetwork(7, 4, rng), "x": x[:120], "target": y[:120],
            "evaluation": (x[120:], y[120:]), "learning_rate": 0.1, "batch_size": 30, "steps": 60}


def correct():
    rng = np.random.default_rng(58)
    y = rng.integers(4, size=160)
    x = 0.6 * rng.normal(size=(160, 6, 7)) + rng.normal(size=(4, 1, 7))[y]
    return {"training_check": True, "subject": ElmanNetworkRepaired(7, 4, rng), "x": x[:120],
            "target": y[:120],
            "evaluation": (x[120:], y[120:]), "learning_rate": 0.1, "batch_size": 30, "steps": 60}
