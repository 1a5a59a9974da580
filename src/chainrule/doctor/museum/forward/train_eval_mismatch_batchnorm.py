"""Batch normalization that keeps running statistics and never uses them.

Symptom: predictions depend on which samples are evaluated together; a single sample yields nonsense.
Repair: normalize with the running statistics when not training.
"""
import numpy as np

CODES = ("train-eval-mismatch",)
PLACES = ("", "x", "norm")


class Dense:
    def __init__(self, n_in, n_out, rng):
        self.weight = rng.normal(size=(n_in, n_out)) / np.sqrt(n_in)
        self.grad_weight = np.zeros_like(self.weight)

    def forward(self, x):
        self.x = x
        return x @ self.weight

    def backward(self, grad):
        self.grad_weight = self.x.T @ grad
        return grad @ self.weight.T


class BatchNorm:
    def __init__(self, size, rng, momentum=0.9, eps=1e-5):
        self.gamma = 1.0 + 0.2 * rng.normal(size=size)
        self.beta = 0.2 * rng.normal(size=size)
        self.grad_gamma = np.zeros(size)
        self.grad_beta = np.zeros(size)
        self.running_mean = np.zeros(size)
        self.running_var = np.ones(size)
        self.momentum, self.eps = momentum, eps
        self.training = True

    def forward(self, x):
        mean, var = x.mean(axis=0), x.var(axis=0)  # FAULT
        if self.training:
            self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean
            self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var
        self.std = np.sqrt(var + self.eps)
        self.x_hat = (x - mean) / self.std
        return self.gamma * self.x_hat + self.beta

    def backward(self, grad):
        self.grad_gamma = (grad * self.x_hat).sum(axis=0)
        self.grad_beta = grad.sum(axis=0)
        g = grad * self.gamma
        return (g - g.mean(axis=0) - self.x_hat * (g * self.x_hat).mean(axis=0)) / self.std


class NormalizedNet:
    """Dense, batch norm, tanh, dense."""

    def __init__(self, n_in, n_hidden, n_out, rng):
        self.first = Dense(n_in, n_hidden, rng)
        self.norm = BatchNorm(n_hidden, rng)
        self.second = Dense(n_hidden, n_out, rng)

    def train(self):
        self.norm.training = True

    def eval(self):
        self.norm.training = False

    def forward(self, x):
        self.h = np.tanh(self.norm.forward(self.first.forward(x)))
        return self.second.forward(self.h)

    def backward(self, grad):
        grad = self.second.backward(grad) * (1.0 - self.h ** 2)
        return self.first.backward(self.norm.backward(grad))


class BatchNormRepaired:
    def __init__(self, size, rng, momentum=0.9, eps=1e-5):
        self.gamma = 1.0 + 0.2 * rng.normal(size=size)
        self.beta = 0.2 * rng.normal(size=size)
        self.grad_gamma = np.zeros(size)
        self.grad_beta = np.zeros(size)
        self.running_mean = np.zeros(size)
        self.running_var = np.ones(size)
        self.momentum, self.eps = momentum, eps
        self.training = True

    def forward(self, x):
        if self.training:
            mean, var = x.mean(axis=0), x.var(axis=0)
            self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean
            self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var
        else:
            mean, var = self.running_mean, self.running_var
        self.std = np.sqrt(var + self.eps)
        self.x_hat = (x - mean) / self.std
        return self.gamma * self.x_hat + self.beta

    def backward(self, grad):
        self.grad_gamma = (grad * self.x_hat).sum(axis=0)
        self.grad_beta = grad.sum(axis=0)
        g = grad * self.gamma
        if not self.training:
            return g / self.std
        return (g - g.mean(axis=0) - self.x_hat * (g * self.x_hat).mean(axis=0)) / self.std


class NormalizedNetRepaired:
    """Dense, batch norm, tanh, dense."""

    def __init__(self, n_in, n_hidden, n_out, rng):
        self.first = Dense(n_in, n_hidden, rng)
        self.norm = BatchNormRepaired(n_hidden, rng)
        self.second = Dense(n_hidden, n_out, rng)

    def train(self):
        self.norm.training = True

    def eval(self):
        self.norm.training = False

    def forward(self, x):
        self.h = np.tanh(self.norm.forward(self.first.forward(x)))
        return self.second.forward(self.h)

    def backward(self, grad):
        grad = self.second.backward(grad) * (1.0 - self.h ** 2)
        return self.first.backward(self.norm.backward(grad))


def faulty():
    rng = np.random.default_rng(47)
    return {"subject": NormalizedNet(4, 5, 3, rng), "inputs": (rng.normal(size=(6, 4)),)}


def correct():
    rng = np.random.default_rng(47)
    return {"subject": NormalizedNetRepaired(4, 5, 3, rng), "inputs": (rng.normal(size=(6, 4)),)}
