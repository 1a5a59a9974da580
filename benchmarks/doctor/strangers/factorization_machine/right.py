import numpy as np


class FM:
    """Rendle's factorization machine: w0 + <w, x> + sum_{i<j} <v_i, v_j> x_i x_j."""

    def __init__(self, n, k, reg=0.05, seed=0):
        rng = np.random.default_rng(seed)
        self.reg = reg
        self.w0 = np.zeros(1)
        self.w = rng.normal(0, 0.1, n)
        self.V = rng.normal(0, 0.3, (n, k))

    def forward(self, x):
        self.x = x
        self.xv = x @ self.V
        pair = 0.5 * (self.xv ** 2 - (x ** 2) @ (self.V ** 2)).sum(axis=1)
        return self.w0 + x @ self.w + pair

    def penalty(self):
        return 0.5 * self.reg * np.sum(self.V ** 2)

    def backward(self, d):
        x, V = self.x, self.V
        self.dw0 = np.array([d.sum()])
        self.dw = x.T @ d
        self.dV = x.T @ (d[:, None] * self.xv) - V * ((x ** 2).T @ d)[:, None]
        return d[:, None] * (self.w + self.xv @ V.T - x * (V ** 2).sum(axis=1))
