"""Unrolled sparse coding (LISTA), K soft-threshold iterations with shared weights.

Symptom: small gradients never pass; the weights stop moving long before the loss is low.
Repair: the shrinkage passes a gradient where |z| exceeded the threshold in forward.
"""
import numpy as np
CODES = ("nonlinear-backward",)
PLACES = ("We", "S", "x", "dx", "y", "")


def shrink(z, lam):
    return np.sign(z) * np.maximum(np.abs(z) - lam, 0.0)


def shrink_grad(d, z, lam):
    return d * (np.abs(d) > lam)  # FAULT


class LISTA:
    def __init__(self, m=5, n=7, K=3, lam=0.2):
        rng = np.random.default_rng(17)
        self.We = rng.standard_normal((m, n)) * 0.6
        self.S = rng.standard_normal((n, n)) * 0.3
        self.K, self.lam = K, lam
        self.grad = {}

    def forward(self, y):
        B = y @ self.We
        zs, codes = [B], [shrink(B, self.lam)]
        for _ in range(self.K - 1):
            zs.append(B + codes[-1] @ self.S)
            codes.append(shrink(zs[-1], self.lam))
        self.ctx = (y, zs, codes)
        return codes[-1]

    def backward(self, dcode):
        y, zs, codes = self.ctx
        dB, dS = np.zeros_like(zs[0]), np.zeros_like(self.S)
        for k in range(self.K - 1, 0, -1):
            dz = shrink_grad(dcode, zs[k], self.lam)
            dB += dz
            dS += codes[k - 1].T @ dz
            dcode = dz @ self.S.T
        dB += shrink_grad(dcode, zs[0], self.lam)
        self.grad["We"], self.grad["S"] = y.T @ dB, dS
        return dB @ self.We.T


def shrink_grad_repaired(d, z, lam):
    return d * (np.abs(z) > lam)


class LISTARepaired:
    def __init__(self, m=5, n=7, K=3, lam=0.2):
        rng = np.random.default_rng(17)
        self.We = rng.standard_normal((m, n)) * 0.6
        self.S = rng.standard_normal((n, n)) * 0.3
        self.K, self.lam = K, lam
        self.grad = {}

    def forward(self, y):
        B = y @ self.We
        zs, codes = [B], [shrink(B, self.lam)]
        for _ in range(self.K - 1):
            zs.append(B + codes[-1] @ self.S)
            codes.append(shrink(zs[-1], self.lam))
        self.ctx = (y, zs, codes)
        return codes[-1]

    def backward(self, dcode):
        y, zs, codes = self.ctx
        dB, dS = np.zeros_like(zs[0]), np.zeros_like(self.S)
        for k in range(self.K - 1, 0, -1):
            dz = shrink_grad_repaired(dcode, zs[k], self.lam)
            dB += dz
            dS += codes[k - 1].T @ dz
            dcode = dz @ self.S.T
        dB += shrink_grad_repaired(dcode, zs[0], self.lam)
        self.grad["We"], self.grad["S"] = y.T @ dB, dS
        return dB @ self.We.T


def faulty():
    return {"subject": LISTA(), "inputs": (np.random.default_rng(18).standard_normal((4, 5)),)}


def correct():
    return {"subject": LISTARepaired(), "inputs": (np.random.default_rng(18).standard_normal((4, 5)),)}
