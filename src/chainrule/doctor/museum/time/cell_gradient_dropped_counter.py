"""An LSTM regressor with a cell object per step; the last hidden state predicts a number.

Symptom: it cannot learn to add up a long sequence.
Repair: hand the gradient of the old cell to the step before.
"""
import numpy as np

CODES = ("cell-gradient-dropped",)
PLACES = ("x", "sequence", "cell", "params", "params.W", "params.b", "")


def logistic(a):
    return 1 / (1 + np.exp(-a))


class LSTMCell:
    def forward(self, x, h, c, params):
        self.params = params
        self.c_old = c
        self.v = np.vstack([x, h])
        n = h.shape[0]
        a = params["W"] @ self.v + params["b"]
        self.f, self.i = logistic(a[:n]), logistic(a[n:2 * n])
        self.o, self.g = logistic(a[2 * n:3 * n]), np.tanh(a[3 * n:])
        self.tc = np.tanh(self.f * c + self.i * self.g)
        return self.o * self.tc, self.f * c + self.i * self.g

    def backward(self, dh, dc, grads):
        dc = dc + dh * self.o * (1 - self.tc**2)
        delta = np.vstack([
            dc * self.c_old * self.f * (1 - self.f),
            dc * self.g * self.i * (1 - self.i),
            dh * self.tc * self.o * (1 - self.o),
            dc * self.i * (1 - self.g**2),
        ])
        grads["W"] += delta @ self.v.T
        grads["b"] += delta.sum(axis=1, keepdims=True)
        dv = self.params["W"].T @ delta
        n = dh.shape[0]
        return dv[:-n], dv[-n:], dc * self.f


class LSTMRegressor:
    """sequence (features, time, batch) -> (1, batch)"""

    def __init__(self, n_features, n_hidden, rng):
        self.n_hidden = n_hidden
        self.params = {
            "W": rng.normal(0, 0.5, (4 * n_hidden, n_features + n_hidden)),
            "b": np.zeros((4 * n_hidden, 1)),
            "V": rng.normal(0, 0.5, (1, n_hidden)),
        }
        self.grads = {}

    def forward(self, sequence):
        h = np.zeros((self.n_hidden, sequence.shape[2]))
        c = np.zeros((self.n_hidden, sequence.shape[2]))
        self.steps = []
        for t in range(sequence.shape[1]):
            unit = LSTMCell()
            h, c = unit.forward(sequence[:, t], h, c, self.params)
            self.steps.append(unit)
        self.h = h
        return self.params["V"] @ h

    def backward(self, dy):
        self.grads = {name: np.zeros_like(value) for name, value in self.params.items()}
        self.grads["V"] = dy @ self.h.T
        dh = self.params["V"].T @ dy
        dc = np.zeros_like(dh)
        dsequence = []
        for unit in reversed(self.steps):
            dx, dh, _ = unit.backward(dh, dc, self.grads)  # FAULT
            dsequence.append(dx)
        return np.stack(dsequence[::-1], axis=1)


class LSTMCellRepaired:
    def forward(self, x, h, c, params):
        self.params = params
        self.c_old = c
        self.v = np.vstack([x, h])
        n = h.shape[0]
        a = params["W"] @ self.v + params["b"]
        self.f, self.i = logistic(a[:n]), logistic(a[n:2 * n])
        self.o, self.g = logistic(a[2 * n:3 * n]), np.tanh(a[3 * n:])
        self.tc = np.tanh(self.f * c + self.i * self.g)
        return self.o * self.tc, self.f * c + self.i * self.g

    def backward(self, dh, dc, grads):
        dc = dc + dh * self.o * (1 - self.tc**2)
        delta = np.vstack([
            dc * self.c_old * self.f * (1 - self.f),
            dc * self.g * self.i * (1 - self.i),
            dh * self.tc * self.o * (1 - self.o),
            dc * self.i * (1 - self.g**2),
        ])
        grads["W"] += delta @ self.v.T
        grads["b"] += delta.sum(axis=1, keepdims=True)
        dv = self.params["W"].T @ delta
        n = dh.shape[0]
        return dv[:-n], dv[-n:], dc * self.f


class LSTMRegressorRepaired:
    """sequence (features, time, batch) -> (1, batch)"""

    def __init__(self, n_features, n_hidden, rng):
        self.n_hidden = n_hidden
        self.params = {
            "W": rng.normal(0, 0.5, (4 * n_hidden, n_features + n_hidden)),
            "b": np.zeros((4 * n_hidden, 1)),
            "V": rng.normal(0, 0.5, (1, n_hidden)),
        }
        self.grads = {}

    def forward(self, sequence):
        h = np.zeros((self.n_hidden, sequence.shape[2]))
        c = np.zeros((self.n_hidden, sequence.shape[2]))
        self.steps = []
        for t in range(sequence.shape[1]):
            unit = LSTMCellRepaired()
            h, c = unit.forward(sequence[:, t], h, c, self.params)
            self.steps.append(unit)
        self.h = h
        return self.params["V"] @ h

    def backward(self, dy):
        self.grads = {name: np.zeros_like(value) for name, value in self.params.items()}
        self.grads["V"] = dy @ self.h.T
        dh = self.params["V"].T @ dy
        dc = np.zeros_like(dh)
        dsequence = []
        for unit in reversed(self.steps):
            dx, dh, dc = unit.backward(dh, dc, self.grads)
            dsequence.append(dx)
        return np.stack(dsequence[::-1], axis=1)


def faulty():
    rng = np.random.default_rng(2)
    return {"subject": LSTMRegressor(3, 4, rng), "inputs": (rng.normal(size=(3, 5, 2)),)}


def correct():
    rng = np.random.default_rng(2)
    return {"subject": LSTMRegressorRepaired(3, 4, rng), "inputs": (rng.normal(size=(3, 5, 2)),)}
