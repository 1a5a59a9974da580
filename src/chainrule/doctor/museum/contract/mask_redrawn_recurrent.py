"""A recurrent language layer with dropout on its inputs, a new mask at every step; updates in place.

Symptom: validation loss is worse with dropout than without, at any rate.
Repair: store the masks of the forward pass, one per step.
"""
import numpy as np

CODES = ("mask-redrawn",)
PLACES = ("x", "", "Wx", "theta.Wx", "theta['Wx']")


class DropoutRNN:
    """x: (T, B, F) -> all hidden states (T, B, H)"""

    def __init__(self, features, hidden, drop=0.3, seed=0):
        self.rng = np.random.default_rng(seed)
        self.drop = drop
        self.theta = {
            "Wx": self.rng.normal(size=(features, hidden)) / np.sqrt(features),
            "Wh": 0.5 * self.rng.normal(size=(hidden, hidden)) / np.sqrt(hidden),
            "b": 0.1 * self.rng.normal(size=hidden),
        }

    def mask(self, shape):
        keep = 1.0 - self.drop
        return self.rng.binomial(1, keep, size=shape) / keep

    def forward(self, x, train=True):
        th = self.theta
        self.masks = [self.mask(x_t.shape) if train else 1.0 for x_t in x]
        self.inputs = [x_t * m for x_t, m in zip(x, self.masks)]
        self.states = [np.zeros((x.shape[1], th["b"].size))]
        for u in self.inputs:
            self.states.append(np.tanh(u @ th["Wx"] + self.states[-1] @ th["Wh"] + th["b"]))
        return np.stack(self.states[1:])

    def backward(self, dstates, learning_rate):
        th = self.theta
        grad = {name: np.zeros_like(value) for name, value in th.items()}
        dx, carried = [], 0.0
        for t in reversed(range(len(self.inputs))):
            delta = (dstates[t] + carried) * (1.0 - self.states[t + 1] ** 2)
            grad["Wx"] += self.inputs[t].T @ delta
            grad["Wh"] += self.states[t].T @ delta
            grad["b"] += delta.sum(axis=0)
            du = delta @ th["Wx"].T
            dx.insert(0, du * self.mask(du.shape))  # FAULT
            carried = delta @ th["Wh"].T
        for name in th:
            th[name] -= learning_rate * grad[name]
        return np.stack(dx)


class DropoutRNNRepaired:
    """x: (T, B, F) -> all hidden states (T, B, H)"""

    def __init__(self, features, hidden, drop=0.3, seed=0):
        self.rng = np.random.default_rng(seed)
        self.drop = drop
        self.theta = {
            "Wx": self.rng.normal(size=(features, hidden)) / np.sqrt(features),
            "Wh": 0.5 * self.rng.normal(size=(hidden, hidden)) / np.sqrt(hidden),
            "b": 0.1 * self.rng.normal(size=hidden),
        }

    def mask(self, shape):
        keep = 1.0 - self.drop
        return self.rng.binomial(1, keep, size=shape) / keep

    def forward(self, x, train=True):
        th = self.theta
        self.masks = [self.mask(x_t.shape) if train else 1.0 for x_t in x]
        self.inputs = [x_t * m for x_t, m in zip(x, self.masks)]
        self.states = [np.zeros((x.shape[1], th["b"].size))]
        for u in self.inputs:
            self.states.append(np.tanh(u @ th["Wx"] + self.states[-1] @ th["Wh"] + th["b"]))
        return np.stack(self.states[1:])

    def backward(self, dstates, learning_rate):
        th = self.theta
        grad = {name: np.zeros_like(value) for name, value in th.items()}
        dx, carried = [], 0.0
        for t in reversed(range(len(self.inputs))):
            delta = (dstates[t] + carried) * (1.0 - self.states[t + 1] ** 2)
            grad["Wx"] += self.inputs[t].T @ delta
            grad["Wh"] += self.states[t].T @ delta
            grad["b"] += delta.sum(axis=0)
            du = delta @ th["Wx"].T
            dx.insert(0, du * self.masks[t])
            carried = delta @ th["Wh"].T
        for name in th:
            th[name] -= learning_rate * grad[name]
        return np.stack(dx)


def faulty():
    x = np.random.default_rng(56).normal(size=(4, 3, 5))
    return {"subject": DropoutRNN(5, 6), "inputs": (x,)}


def correct():
    x = np.random.default_rng(56).normal(size=(4, 3, 5))
    return {"subject": DropoutRNNRepaired(5, 6), "inputs": (x,)}
