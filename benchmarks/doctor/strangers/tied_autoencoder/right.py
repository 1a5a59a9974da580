import numpy as np


class TiedAutoencoder:
    """code = tanh(x W + b), reconstruction = code W' + c, squared error."""

    def __init__(self, n_visible, n_code, seed=0):
        rng = np.random.default_rng(seed)
        self.W = 0.1 * rng.standard_normal((n_visible, n_code))
        self.b = np.zeros(n_code)
        self.c = np.zeros(n_visible)

    def forward(self, x):
        self.x = x
        self.code = np.tanh(x @ self.W + self.b)
        return self.code @ self.W.T + self.c

    def backward(self, dr):
        dz = (dr @ self.W) * (1 - self.code ** 2)
        self.dW = self.x.T @ dz + dr.T @ self.code
        self.db = dz.sum(axis=0)
        self.dc = dr.sum(axis=0)
        return dz @ self.W.T

    def loss(self, x, target):
        return np.mean((self.forward(x) - target) ** 2)

    def step(self, x, target, learning_rate):
        r = self.forward(x) - target
        self.backward(2 * r / r.size)
        for p in ("W", "b", "c"):
            getattr(self, p)[...] -= learning_rate * getattr(self, "d" + p)
        return np.mean(r ** 2)
