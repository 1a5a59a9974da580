"""Radial basis expansion of a scattering potential: phi_k(x) = exp(-b_k |x - c_k|^2)."""
import numpy as np


class GaussianBasis:
    def __init__(self, n_coords=3, n_centres=7, seed=1):
        rng = np.random.default_rng(seed)
        self.c = rng.normal(size=(n_centres, n_coords))
        self.log_b = rng.normal(-1.0, 0.3, size=n_centres)

    def forward(self, x):
        self.diff = x[:, None, :] - self.c[None, :, :]
        self.r2 = np.einsum("nkd,nkd->nk", self.diff, self.diff)
        self.phi = np.exp(-np.exp(self.log_b) * self.r2)
        return self.phi

    def backward(self, dphi):
        b = np.exp(self.log_b)
        w = dphi * self.phi * b
        self.d_log_b = -np.sum(w * self.r2, axis=0)
        force = 2.0 * w[:, :, None] * self.diff
        self.d_c = force.sum(axis=0)
        return -force.sum(axis=1)


def fit(x, energy, steps=200, eta=0.05):
    basis = GaussianBasis(x.shape[1], 12)
    amp = np.zeros(12)
    for _ in range(steps):
        phi = basis.forward(x)
        res = phi @ amp - energy
        grad_amp = phi.T @ res / len(x)
        basis.backward(np.outer(res, amp) / len(x))
        amp -= eta * grad_amp
        basis.c -= eta * basis.d_c
        basis.log_b -= eta * basis.d_log_b
    return 0.5 * np.mean(res ** 2)


if __name__ == "__main__":
    r = np.random.default_rng(0)
    pts = r.uniform(-1, 1, (200, 3))
    print(fit(pts, np.cos(3 * pts[:, 0]) * pts[:, 1]))
