import numpy as np


class Coupling:
    """NICE additive coupling: the half a passes, the half b is shifted by m(a); then the halves swap."""

    def __init__(self, dim, hidden, rng):
        self.k = dim // 2
        self.A = rng.normal(0, 0.5, (self.k, hidden))
        self.a = rng.normal(0, 0.1, hidden)
        self.B = rng.normal(0, 0.5, (hidden, dim - self.k))
        self.grads = {}

    def forward(self, x):
        self.x1 = x[:, :self.k]
        self.h = np.tanh(self.x1 @ self.A + self.a)
        y2 = x[:, self.k:] + self.h @ self.B
        return np.concatenate([y2, self.x1], axis=1)

    def backward(self, dy):
        m = dy.shape[1] - self.k
        dy2, dx1 = dy[:, :m], dy[:, m:]
        du = (dy2 @ self.B.T) * (1 - self.h ** 2)
        self.grads = {"A": self.x1.T @ du, "a": du.sum(axis=0), "B": self.h.T @ dy2}
        return np.concatenate([dx1 + du @ self.A.T, dy2], axis=1)


class Flow:
    def __init__(self, dim=6, hidden=5, depth=3, seed=0):
        rng = np.random.default_rng(seed)
        self.couplings = [Coupling(dim, hidden, rng) for _ in range(depth)]
        self.logscale = np.zeros(dim)

    def forward(self, x):
        for c in self.couplings:
            x = c.forward(x)
        self.last = x
        return x * np.exp(self.logscale)

    def backward(self, dz):
        self.dlogscale = (dz * self.last * np.exp(self.logscale)).sum(axis=0)
        dz = dz * np.exp(self.logscale)
        grad = dz
        for c in reversed(self.couplings):
            grad = c.backward(grad)
        return grad
