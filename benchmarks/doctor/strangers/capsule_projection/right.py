import numpy as np


class DigitCaps:
    """Capsules with uniform routing: s_bj = mean_i u_bi W_ij, v = squash(s). u: (B, I, p) -> (B, J, q)."""

    def __init__(self, n_in, p, n_out, q, seed=0):
        self.W = np.random.default_rng(seed).normal(0, p ** -0.5, (n_in, n_out, p, q))
        self.dW = None

    def squash(self, s):
        n2 = np.sum(s * s, axis=-1, keepdims=True)
        n = np.sqrt(n2 + 1e-9)
        return s * (n / (1 + n2)), n2, n

    def forward(self, u):
        self.u = u
        self.s = np.einsum("bip,ijpq->bjq", u, self.W) / u.shape[1]
        v, self.n2, self.n = self.squash(self.s)
        return v

    def backward(self, dv):
        factor = self.n / (1 + self.n2)
        slope = 0.5 / (self.n * (1 + self.n2)) - self.n / (1 + self.n2) ** 2
        dn2 = np.sum(dv * self.s, axis=-1, keepdims=True) * slope
        ds = (dv * factor + 2 * self.s * dn2) / self.u.shape[1]
        self.dW = np.einsum("bip,bjq->ijpq", self.u, ds)
        return np.einsum("bjq,ijpq->bip", ds, self.W)
