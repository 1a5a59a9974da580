import numpy as np


class DropPathResidual:
    """y = x + s * tanh(x W + b); a whole sample's branch is dropped with probability `drop` in training."""

    def __init__(self, width, drop=0.3, seed=0):
        self.rng = np.random.default_rng(seed)
        self.W = self.rng.normal(0, width ** -0.5, (width, width))
        self.b = np.zeros(width)
        self.keep = 1 - drop
        self.training = True

    def forward(self, x):
        self.x = x
        self.t = np.tanh(x @ self.W + self.b)
        if self.training:
            self.alive = (self.rng.random((len(x), 1)) < self.keep).astype(float)
            return x + self.alive * self.t / self.keep
        return x + self.t

    def backward(self, dy):
        dt = dy
        if self.training:
            dt = dy * self.alive / self.keep
        dz = dt * (1 - self.t ** 2)
        self.dW = self.x.T @ dz
        self.db = dz.sum(axis=0)
        return dy + dz @ self.W.T
