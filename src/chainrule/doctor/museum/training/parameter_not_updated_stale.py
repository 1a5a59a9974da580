"""An optimizer that holds the arrays from before the weights were initialized anew.

Symptom: the loss barely moves; the optimizer's own arrays do change.
Repair: fill the arrays in place when initializing, or initialize before the optimizer is made.
"""
import numpy as np

CODES = ("parameter-not-updated",)
PLACES = ("W1", "W2", "")


def softplus(x):
    return np.logaddexp(0.0, x)


class SpamFilter:
    """Two layers with softplus units and one logit."""

    def __init__(self, n_words, n_units):
        self.W1 = np.zeros((n_words, n_units))
        self.c1 = np.zeros(n_units)
        self.W2 = np.zeros((n_units, 1))
        self.c2 = np.zeros(1)

    def parameters(self):
        return [self.W1, self.c1, self.W2, self.c2]

    def gradients(self):
        return [self.grad_W1, self.grad_c1, self.grad_W2, self.grad_c2]

    def glorot(self, rng):
        for name in ("W1", "W2"):
            fan_in, fan_out = getattr(self, name).shape
            limit = np.sqrt(6.0 / (fan_in + fan_out))
            setattr(self, name, rng.uniform(-limit, limit, size=(fan_in, fan_out)))  # FAULT

    def forward(self, x):
        self.x = x
        self.z = x @ self.W1 + self.c1
        self.a = softplus(self.z)
        return self.a @ self.W2 + self.c2

    def backward(self, d_logit):
        self.grad_W2 = self.a.T @ d_logit
        self.grad_c2 = d_logit.sum(axis=0)
        dz = d_logit @ self.W2.T / (1.0 + np.exp(-self.z))
        self.grad_W1 = self.x.T @ dz
        self.grad_c1 = dz.sum(axis=0)
        return dz @ self.W1.T


class RMSProp:
    def __init__(self, parameters, lr=0.01, rho=0.9):
        self.parameters = parameters
        self.lr = lr
        self.rho = rho
        self.cache = [np.zeros_like(p) for p in parameters]

    def step(self, gradients):
        for p, g, c in zip(self.parameters, gradients, self.cache):
            c *= self.rho
            c += (1 - self.rho) * g ** 2
            p -= self.lr * g / (np.sqrt(c) + 1e-6)


class Trainer:
    def __init__(self, n_words, n_units, lr, seed):
        self.model = SpamFilter(n_words, n_units)
        self.optimizer = RMSProp(self.model.parameters(), lr)
        self.model.glorot(np.random.default_rng(seed))

    def fit_batch(self, x, y):
        logit = self.model.forward(x)
        target = y[:, None]
        loss = np.mean(softplus(logit) - target * logit)
        self.model.backward((1.0 / (1.0 + np.exp(-logit)) - target) / len(x))
        self.optimizer.step(self.model.gradients())
        return float(loss)


class SpamFilterRepaired:
    """Two layers with softplus units and one logit."""

    def __init__(self, n_words, n_units):
        self.W1 = np.zeros((n_words, n_units))
        self.c1 = np.zeros(n_units)
        self.W2 = np.zeros((n_units, 1))
        self.c2 = np.zeros(1)

    def parameters(self):
        return [self.W1, self.c1, self.W2, self.c2]

    def gradients(self):
        return [self.grad_W1, self.grad_c1, self.grad_W2, self.grad_c2]

    def glorot(self, rng):
        for name in ("W1", "W2"):
            fan_in, fan_out = getattr(self, name).shape
            limit = np.sqrt(6.0 / (fan_in + fan_out))
            getattr(self, name)[...] = rng.uniform(-limit, limit, size=(fan_in, fan_out))

    def forward(self, x):
        self.x = x
        self.z = x @ self.W1 + self.c1
        self.a = softplus(self.z)
        return self.a @ self.W2 + self.c2

    def backward(self, d_logit):
        self.grad_W2 = self.a.T @ d_logit
        self.grad_c2 = d_logit.sum(axis=0)
        dz = d_logit @ self.W2.T / (1.0 + np.exp(-self.z))
        self.grad_W1 = self.x.T @ dz
        self.grad_c1 = dz.sum(axis=0)
        return dz @ self.W1.T


class RMSPropRepaired:
    def __init__(self, parameters, lr=0.01, rho=0.9):
        self.parameters = parameters
        self.lr = lr
        self.rho = rho
        self.cache = [np.zeros_like(p) for p in parameters]

    def step(self, gradients):
        for p, g, c in zip(self.parameters, gradients, self.cache):
            c *= self.rho
            c += (1 - self.rho) * g ** 2
            p -= self.lr * g / (np.sqrt(c) + 1e-6)


class TrainerRepaired:
    def __init__(self, n_words, n_units, lr, seed):
        self.model = SpamFilterRepaired(n_words, n_units)
        self.optimizer = RMSPropRepaired(self.model.parameters(), lr)
        self.model.glorot(np.random.default_rng(seed))

    def fit_batch(self, x, y):
        logit = self.model.forward(x)
        target = y[:, None]
        loss = np.mean(softplus(logit) - target * logit)
        self.model.backward((1.0 / (1.0 + np.exp(-logit)) - target) / len(x))
        self.optimizer.step(self.model.gradients())
        return float(loss)


def mails(n, seed):
    rng = np.random.default_rng(seed)
    spam = rng.integers(2, size=n)
    taste = rng.normal(size=18) * 0.6
    return rng.normal(size=(n, 18)) + np.outer(2 * spam - 1, taste), spam


def faulty():
    x, y = mails(160, seed=14)
    trainer = Trainer(18, 9, 0.003, seed=15)
    return {"training_check": True, "subject": trainer.model, "x": x[:120], "target": y[:120],
            "step": trainer.fit_batch, "evaluation": (x[120:], y[120:]), "batch_size": 40, "steps": 60}


def correct():
    x, y = mails(160, seed=14)
    trainer = TrainerRepaired(18, 9, 0.003, seed=15)
    return {"training_check": True, "subject": trainer.model, "x": x[:120], "target": y[:120],
            "step": trainer.fit_batch, "evaluation": (x[120:], y[120:]), "batch_size": 40, "steps": 60}
