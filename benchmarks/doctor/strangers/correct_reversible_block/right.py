import numpy as np


class Branch:
    def __init__(self, d, h, rng):
        self.P = rng.normal(0, d ** -0.5, (d, h))
        self.Q = rng.normal(0, h ** -0.5, (h, d))

    def __call__(self, x):
        return np.tanh(x @ self.P) @ self.Q

    def vjp(self, x, g):
        t = np.tanh(x @ self.P)
        self.Q_grad = t.T @ g
        dz = (g @ self.Q.T) * (1 - t * t)
        self.P_grad = x.T @ dz
        return dz @ self.P.T


class Reversible:
    """y1 = x1 + F(x2), y2 = x2 + G(y1). Only the output is kept."""

    def __init__(self, d, h, seed=0):
        rng = np.random.default_rng(seed)
        self.d = d
        self.F, self.G = Branch(d, h, rng), Branch(d, h, rng)

    def forward(self, x):
        x1, x2 = x[:, :self.d], x[:, self.d:]
        y1 = x1 + self.F(x2)
        y2 = x2 + self.G(y1)
        self.out = np.hstack([y1, y2])
        return self.out.copy()

    def backward(self, dy):
        y1, y2 = self.out[:, :self.d], self.out[:, self.d:]
        d1, d2 = dy[:, :self.d], dy[:, self.d:]
        x2 = y2 - self.G(y1)
        d1 = d1 + self.G.vjp(y1, d2)
        d2 = d2 + self.F.vjp(x2, d1)
        return np.hstack([d1, d2])
