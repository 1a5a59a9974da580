"""Causal linear attention (Katharopoulos et al.), vectorised with cumulative sums.

Symptom: perplexity in training is better than at generation, and the step-by-step decoder disagrees with the parallel one.
Repair: the normaliser must also be a running sum over the keys seen so far.
"""
import numpy as np

CODES = ("causal-leak",)
PLACES = ("x", "k", "")


def phi(z):
    return np.where(z > 0, z + 1, np.exp(np.minimum(z, 0)))


def dphi(z):
    return np.where(z > 0, 1.0, np.exp(np.minimum(z, 0)))


def reverse_cumsum(a):
    return np.cumsum(a[:, ::-1], axis=1)[:, ::-1]


class CausalLinearAttention:
    def __init__(self, d_in=5, d_key=4, d_val=6, seed=2):
        g = np.random.default_rng(seed)
        self.theta = {"q": g.normal(size=(d_in, d_key)) * 0.5, "k": g.normal(size=(d_in, d_key)) * 0.5,
                      "v": g.normal(size=(d_in, d_val)) * 0.5}
        self.dtheta = {}

    def feed_forward(self, x):
        zq, zk, v = x @ self.theta["q"], x @ self.theta["k"], x @ self.theta["v"]
        fq, fk = phi(zq), phi(zk)
        S = np.cumsum(fk[..., :, None] * v[..., None, :], axis=1)
        Z = fk.sum(axis=1, keepdims=True)        # FAULT
        num = np.einsum("btd,btdm->btm", fq, S)
        den = (fq * Z).sum(axis=-1, keepdims=True)
        self.saved = x, zq, zk, v, fq, fk, S, Z, num, den
        return num / den

    def backprop(self, dy):
        x, zq, zk, v, fq, fk, S, Z, num, den = self.saved
        dnum = dy / den
        dden = -(dy * num).sum(axis=-1, keepdims=True) / den ** 2
        dfq = np.einsum("btm,btdm->btd", dnum, S) + dden * Z
        dkv = reverse_cumsum(fq[..., :, None] * dnum[..., None, :])
        dfk = np.einsum("btdm,btm->btd", dkv, v)
        dv = np.einsum("btdm,btd->btm", dkv, fk)
        dfk = dfk + (dden * fq).sum(axis=1, keepdims=True)
        dzq, dzk = dfq * dphi(zq), dfk * dphi(zk)
        dx = 0
        for name, d in (("q", dzq), ("k", dzk), ("v", dv)):
            self.dtheta[name] = np.tensordot(x, d, axes=([0, 1], [0, 1]))
            dx = dx + d @ self.theta[name].T
        return dx


class CausalLinearAttentionRepaired:
    def __init__(self, d_in=5, d_key=4, d_val=6, seed=2):
        g = np.random.default_rng(seed)
        self.theta = {"q": g.normal(size=(d_in, d_key)) * 0.5, "k": g.normal(size=(d_in, d_key)) * 0.5,
                      "v": g.normal(size=(d_in, d_val)) * 0.5}
        self.dtheta = {}

    def feed_forward(self, x):
        zq, zk, v = x @ self.theta["q"], x @ self.theta["k"], x @ self.theta["v"]
        fq, fk = phi(zq), phi(zk)
        S = np.cumsum(fk[..., :, None] * v[..., None, :], axis=1)
        Z = np.cumsum(fk, axis=1)
        num = np.einsum("btd,btdm->btm", fq, S)
        den = (fq * Z).sum(axis=-1, keepdims=True)
        self.saved = x, zq, zk, v, fq, fk, S, Z, num, den
        return num / den

    def backprop(self, dy):
        x, zq, zk, v, fq, fk, S, Z, num, den = self.saved
        dnum = dy / den
        dden = -(dy * num).sum(axis=-1, keepdims=True) / den ** 2
        dfq = np.einsum("btm,btdm->btd", dnum, S) + dden * Z
        dkv = reverse_cumsum(fq[..., :, None] * dnum[..., None, :])
        dfk = np.einsum("btdm,btm->btd", dkv, v)
        dv = np.einsum("btdm,btd->btm", dkv, fk)
        dfk = dfk + reverse_cumsum(dden * fq)
        dzq, dzk = dfq * dphi(zq), dfk * dphi(zk)
        dx = 0
        for name, d in (("q", dzq), ("k", dzk), ("v", dv)):
            self.dtheta[name] = np.tensordot(x, d, axes=([0, 1], [0, 1]))
            dx = dx + d @ self.theta[name].T
        return dx


def faulty():
    return {"subject": CausalLinearAttention(), "inputs": (np.random.default_rng(0).normal(size=(2, 7, 5)),)}


def correct():
    return {"subject": CausalLinearAttentionRepaired(), "inputs": (np.random.default_rng(0).normal(size=(2, 7, 5)),)}
