"""A recurrent layer that starts each batch where the last one ended.

Symptom: the result for a sentence depends on the sentence before; evaluation is not reproducible.
Repair: start every forward from zeros.
"""
import numpy as np

CODES = ("state-carried-over",)
PLACES = ("h", "")


class SimpleRNN:
    """(batch, time, features) -> (batch, hidden): the state after the last step."""

    def __init__(self, n_features, n_hidden, rng):
        self.n_hidden = n_hidden
        self.kernel = rng.normal(0, 0.6, (n_features, n_hidden))
        self.recurrent_kernel = rng.normal(0, 0.5, (n_hidden, n_hidden))
        self.bias = np.zeros(n_hidden)
        self.h = None

    def forward(self, x):
        batch, steps, _ = x.shape
        if self.h is None or len(self.h) != batch:  # FAULT
            self.h = np.zeros((batch, self.n_hidden))
        self.x, self.states = x, [self.h]
        for t in range(steps):
            self.h = np.tanh(x[:, t] @ self.kernel + self.h @ self.recurrent_kernel + self.bias)
            self.states.append(self.h)
        return self.h

    def backward(self, dh):
        self.grad_kernel = np.zeros_like(self.kernel)
        self.grad_recurrent_kernel = np.zeros_like(self.recurrent_kernel)
        self.grad_bias = np.zeros_like(self.bias)
        dx = np.zeros_like(self.x)
        for t in reversed(range(self.x.shape[1])):
            dz = dh * (1.0 - self.states[t + 1] ** 2)
            self.grad_kernel += self.x[:, t].T @ dz
            self.grad_recurrent_kernel += self.states[t].T @ dz
            self.grad_bias += dz.sum(axis=0)
            dx[:, t] = dz @ self.kernel.T
            dh = dz @ self.recurrent_kernel.T
        return dx


class SimpleRNNRepaired:
    """(batch, time, features) -> (batch, hidden): the state after the last step."""

    def __init__(self, n_features, n_hidden, rng):
        self.n_hidden = n_hidden
        self.kernel = rng.normal(0, 0.6, (n_features, n_hidden))
        self.recurrent_kernel = rng.normal(0, 0.5, (n_hidden, n_hidden))
        self.bias = np.zeros(n_hidden)
        self.h = None

    def forward(self, x):
        batch, steps, _ = x.shape
        self.h = np.zeros((batch, self.n_hidden))
        self.x, self.states = x, [self.h]
        for t in range(steps):
            self.h = np.tanh(x[:, t] @ self.kernel + self.h @ self.recurrent_kernel + self.bias)
            self.states.append(self.h)
        return self.h

    def backward(self, dh):
        self.grad_kernel = np.zeros_like(self.kernel)
        self.grad_recurrent_kernel = np.zeros_like(self.recurrent_kernel)
        self.grad_bias = np.zeros_like(self.bias)
        dx = np.zeros_like(self.x)
        for t in reversed(range(self.x.shape[1])):
            dz = dh * (1.0 - self.states[t + 1] ** 2)
            self.grad_kernel += self.x[:, t].T @ dz
            self.grad_recurrent_kernel += self.states[t].T @ dz
            self.grad_bias += dz.sum(axis=0)
            dx[:, t] = dz @ self.kernel.T
            dh = dz @ self.recurrent_kernel.T
        return dx


def faulty():
    rng = np.random.default_rng(0)
    return {"subject": SimpleRNN(3, 5, rng), "inputs": (rng.normal(size=(2, 4, 3)),)}


def correct():
    rng = np.random.default_rng(0)
    return {"subject": SimpleRNNRepaired(3, 5, rng), "inputs": (rng.normal(size=(2, 4, 3)),)}
