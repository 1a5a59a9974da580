import numpy as np


def softplus(z):
    return np.logaddexp(0.0, z)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


class GaussianHead:
    """Predicts mean and standard deviation; returns the standardised residual's log density per sample."""

    def __init__(self, d, k, seed=0):
        g = np.random.default_rng(seed)
        self.Wm = g.normal(0, 0.4, (d, k))
        self.bm = np.zeros(k)
        self.Ws = g.normal(0, 0.4, (d, k))
        self.bs = np.zeros(k)

    def forward(self, x, y):
        self.x = x
        self.zs = x @ self.Ws + self.bs
        self.sd = softplus(self.zs) + 1e-3
        self.r = (y - (x @ self.Wm + self.bm)) / self.sd
        return (-0.5 * self.r ** 2 - np.log(self.sd)).sum(axis=1)

    def backward(self, dll):
        dll = dll[:, None]
        dr = -dll * self.r
        dmean = -dr / self.sd
        dsd = -dll / self.sd - dr * self.r / self.sd
        dzs = dsd * sigmoid(self.sd)
        self.dWm, self.dbm = self.x.T @ dmean, dmean.sum(axis=0)
        self.dWs, self.dbs = self.x.T @ dzs, dzs.sum(axis=0)
        dx = dmean @ self.Wm.T + dzs @ self.Ws.T
        return dx, dr / self.sd
