import numpy as np


class FiLM:
    """Feature-wise linear modulation of (N, C, H, W) maps by a conditioning vector (N, K)."""

    def __init__(self, cond_dim, channels, rng=None):
        rng = rng or np.random.default_rng(0)
        self.Wg = rng.normal(0, 0.3, (cond_dim, channels))
        self.bg = np.ones(channels)
        self.Wb = rng.normal(0, 0.3, (cond_dim, channels))
        self.bb = np.zeros(channels)

    def forward(self, feat, cond):
        gamma = cond @ self.Wg + self.bg
        beta = cond @ self.Wb + self.bb
        self.saved = feat, cond, gamma
        return gamma[:, :, None, None] * feat + beta[:, :, None, None]

    def backward(self, dout):
        feat, cond, gamma = self.saved
        dfeat = dout * gamma[:, :, None, None]
        dgamma = (dout * feat).sum(axis=(2, 3))
        dbeta = dout.sum(axis=(2, 3))
        self.dWg = cond.T @ dgamma
        self.dbg = dgamma.sum(axis=0)
        self.dWb = cond.T @ dbeta
        self.dbb = dbeta.sum(axis=0)
        dcond = dgamma @ self.Wg.T + dbeta @ self.Wb.T
        return dfeat, dcond


if __name__ == "__main__":
    layer = FiLM(6, 3)
    r = np.random.default_rng(1)
    print(layer.forward(r.normal(size=(4, 3, 5, 5)), r.normal(size=(4, 6))).shape)
