import numpy as np

TAU = 0.8


class MaxoutRegressor:
    """y = max_k (x W_k + b_k) . a, output of shape (B, 1)."""

    def __init__(self, d, units, pieces=3, seed=0):
        rng = np.random.default_rng(seed)
        self.W = rng.normal(0, d ** -0.5, (pieces, d, units))
        self.b = rng.normal(0, 0.1, (pieces, units))
        self.a = rng.normal(0, units ** -0.5, (units, 1))

    def forward(self, x):
        self.x = x
        z = np.einsum("bd,pdu->pbu", x, self.W) + self.b[:, None, :]
        self.win = z.argmax(axis=0)
        self.h = z.max(axis=0)
        return self.h @ self.a

    def backward(self, dy):
        self.da = self.h.T @ dy
        dh = dy @ self.a.T
        dz = np.stack([dh * (self.win == p) for p in range(len(self.W))])
        self.dW = np.einsum("bd,pbu->pdu", self.x, dz)
        self.db = dz.sum(axis=1)
        return np.einsum("pbu,pdu->bd", dz, self.W)


def pinball(pred, y):
    err = y - pred
    return np.mean(np.maximum(TAU * err, (TAU - 1) * err))


def pinball_grad(pred, y):
    err = y - pred
    slope = np.where(err > 0, -TAU, 1 - TAU) / err.size
    return slope.reshape(len(pred), -1).sum(axis=1, keepdims=True)
