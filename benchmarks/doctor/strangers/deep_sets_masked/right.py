import numpy as np


class DeepSets:
    """Sets of points, padded with zero vectors up to a common size."""

    def __init__(self, d, hidden=14, classes=3, seed=0):
        r = np.random.default_rng(seed)
        self.phi = r.normal(0, np.sqrt(1 / d), (d, hidden))
        self.phi_b = r.normal(0, 0.2, hidden)
        self.rho = r.normal(0, np.sqrt(1 / hidden), (hidden, classes))
        self.rho_b = np.zeros(classes)

    def forward(self, x):
        keep = np.any(x != 0.0, axis=-1).astype(float)
        count = np.maximum(keep.sum(axis=1), 1.0)
        weight = (keep / count[:, None])[..., None]
        feat = np.tanh(x @ self.phi + self.phi_b)
        pooled = (weight * feat).sum(axis=1)
        self.ctx = (x, weight, feat, pooled)
        return pooled @ self.rho + self.rho_b

    def backward(self, dlogits):
        x, weight, feat, pooled = self.ctx
        self.d_rho = pooled.T @ dlogits
        self.d_rho_b = dlogits.sum(axis=0)
        dpool = dlogits @ self.rho.T
        dpre = weight * dpool[:, None, :] * (1 - feat ** 2)
        self.d_phi = np.tensordot(x, dpre, axes=([0, 1], [0, 1]))
        self.d_phi_b = dpre.sum(axis=(0, 1))
        return dpre @ self.phi.T

    def update(self, learning_rate):
        for name in ("phi", "phi_b", "rho", "rho_b"):
            value = getattr(self, name)
            value -= learning_rate * getattr(self, "d_" + name)


class CrossEntropy:
    @staticmethod
    def value(logits, target):
        m = logits.max(axis=1, keepdims=True)
        lse = m[:, 0] + np.log(np.exp(logits - m).sum(axis=1))
        return np.mean(lse - logits[np.arange(len(target)), target])

    @staticmethod
    def gradient(logits, target):
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        p[np.arange(len(target)), target] -= 1
        return p / len(target)
