import numpy as np


class DeepSet:
    """rho(mean_i phi(x_i)) for sets of different sizes, padded to (B, M, d); lengths (B,)."""

    def __init__(self, d, h, o, seed=0):
        rng = np.random.default_rng(seed)
        self.P = rng.normal(0, d ** -0.5, (d, h))
        self.p = rng.normal(0, 0.3, h)
        self.R = rng.normal(0, h ** -0.5, (h, o))

    def forward(self, x, lengths):
        M = x.shape[1]
        mask = (np.arange(M)[None, :] < lengths[:, None]).astype(float)
        self.w = mask[:, :, None] / lengths[:, None, None]
        self.x = x
        self.phi = np.tanh(x @ self.P + self.p)
        self.pooled = (self.phi * self.w).sum(axis=1)
        return self.pooled @ self.R

    def backward(self, dy):
        self.dR = self.pooled.T @ dy
        dphi = (dy @ self.R.T)[:, None, :] * self.w
        dz = dphi * (1 - self.phi ** 2)
        self.dP = np.einsum("bmd,bmh->dh", self.x, dz)
        self.dp = dz.sum(axis=(0, 1))
        return dz @ self.P.T
