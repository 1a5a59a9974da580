import numpy as np

sigma = lambda u: 1.0 / (1.0 + np.exp(-u))


class GatedConv1x1:
    """h = (X W + b) * sigma(X V + c)  -- Dauphin et al., with kernel width one. X is (B, L, m)."""

    def __init__(self, m, n, rng):
        self.W, self.V = rng.normal(0, m ** -0.5, (2, m, n))
        self.b, self.c = np.zeros(n), np.zeros(n)

    def forward(self, X):
        self.X = X
        self.A = X @ self.W + self.b
        self.G = sigma(X @ self.V + self.c)
        return self.A * self.G

    def backward(self, E):
        dA = E * self.G
        dU = E * self.A
        flat = self.X.reshape(-1, self.X.shape[-1])
        n = dA.shape[-1]
        self.dW = flat.T @ dA.reshape(-1, n)
        self.dV = flat.T @ dU.reshape(-1, n)
        self.db = dA.reshape(-1, n).sum(0)
        self.dc = dU.reshape(-1, n).sum(0)
        return dA @ self.W.T + dU @ self.V.T
