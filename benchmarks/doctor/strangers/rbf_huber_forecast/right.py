import numpy as np


class RBFForecaster:
    """Gaussian radial basis functions with fixed centres on a grid, linear readout of K future values."""

    def __init__(self, n_inputs, n_centres, horizon, seed=0):
        r = np.random.default_rng(seed)
        self.centres = r.uniform(-2, 2, (n_centres, n_inputs))
        self.width = 1.3
        self.R = r.normal(0, 0.4, (n_centres, horizon))
        self.r0 = np.zeros(horizon)

    def forward(self, x):
        self.diff = x[:, None, :] - self.centres[None]
        self.phi = np.exp(-(self.diff ** 2).sum(-1) / (2 * self.width ** 2))
        return self.phi @ self.R + self.r0

    def backward(self, dy):
        self.dR = self.phi.T @ dy
        self.dr0 = dy.sum(axis=0)
        s = (dy @ self.R.T) * self.phi / self.width ** 2
        weighted = s[:, :, None] * self.diff
        self.dcentres = weighted.sum(axis=0)
        return -weighted.sum(axis=1)


def huber(pred, target, delta=0.7):
    r = pred - target
    small = np.abs(r) <= delta
    return np.where(small, 0.5 * r ** 2, delta * (np.abs(r) - 0.5 * delta)).mean()


def huber_grad(pred, target, delta=0.7):
    r = pred - target
    return np.clip(r, -delta, delta) / r.size
