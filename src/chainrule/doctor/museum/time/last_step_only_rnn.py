"""A recurrent network that sets its weight gradients anew at every step.

Symptom: only the first word of a sentence teaches the recurrent weights.
Repair: add up the contributions of all steps.
"""
import numpy as np

CODES = ("last-step-only",)
PLACES = ("U", "W", "b", "grad_U", "grad_W", "grad_b", "")


class RecurrentLayer:
    """s_t = tanh(U x_t + W s_{t-1} + b), columns are samples, time is the first axis."""

    def __init__(self, n_in, n_state, rng):
        self.U = rng.uniform(-1, 1, (n_state, n_in)) / np.sqrt(n_in)
        self.W = rng.uniform(-1, 1, (n_state, n_state)) / np.sqrt(n_state)
        self.b = np.zeros((n_state, 1))
        self.grad_U = np.zeros_like(self.U)
        self.grad_W = np.zeros_like(self.W)
        self.grad_b = np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        self.s = [np.zeros((self.W.shape[0], x.shape[2]))]
        for x_t in x:
            self.s.append(np.tanh(self.U @ x_t + self.W @ self.s[-1] + self.b))
        return np.array(self.s[1:])

    def backward(self, ds):
        self.grad_U = np.zeros_like(self.U)
        self.grad_W = np.zeros_like(self.W)
        self.grad_b = np.zeros_like(self.b)
        dx = np.zeros_like(self.x)
        delta = np.zeros_like(self.s[0])
        for t in reversed(range(len(self.x))):
            delta = (ds[t] + delta) * (1 - self.s[t + 1] ** 2)
            self.grad_U = delta @ self.x[t].T  # FAULT
            self.grad_W = delta @ self.s[t].T  # FAULT
            self.grad_b = delta.sum(axis=1, keepdims=True)  # FAULT
            dx[t] = self.U.T @ delta
            delta = self.W.T @ delta
        return dx


class RecurrentLayerRepaired:
    """s_t = tanh(U x_t + W s_{t-1} + b), columns are samples, time is the first axis."""

    def __init__(self, n_in, n_state, rng):
        self.U = rng.uniform(-1, 1, (n_state, n_in)) / np.sqrt(n_in)
        self.W = rng.uniform(-1, 1, (n_state, n_state)) / np.sqrt(n_state)
        self.b = np.zeros((n_state, 1))
        self.grad_U = np.zeros_like(self.U)
        self.grad_W = np.zeros_like(self.W)
        self.grad_b = np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        self.s = [np.zeros((self.W.shape[0], x.shape[2]))]
        for x_t in x:
            self.s.append(np.tanh(self.U @ x_t + self.W @ self.s[-1] + self.b))
        return np.array(self.s[1:])

    def backward(self, ds):
        self.grad_U = np.zeros_like(self.U)
        self.grad_W = np.zeros_like(self.W)
        self.grad_b = np.zeros_like(self.b)
        dx = np.zeros_like(self.x)
        delta = np.zeros_like(self.s[0])
        for t in reversed(range(len(self.x))):
            delta = (ds[t] + delta) * (1 - self.s[t + 1] ** 2)
            self.grad_U += delta @ self.x[t].T
            self.grad_W += delta @ self.s[t].T
            self.grad_b += delta.sum(axis=1, keepdims=True)
            dx[t] = self.U.T @ delta
            delta = self.W.T @ delta
        return dx


def faulty():
    rng = np.random.default_rng(0)
    return {"subject": RecurrentLayer(3, 5, rng), "inputs": (rng.normal(size=(4, 3, 2)),)}


def correct():
    rng = np.random.default_rng(0)
    return {"subject": RecurrentLayerRepaired(3, 5, rng), "inputs": (rng.normal(size=(4, 3, 2)),)}
