"""A post-norm attention block whose backward goes through the attention only.

Symptom: two layers train worse than one.
Repair: add the norm's gradient for the skip.
"""
import numpy as np

CODES = ("residual-gradient-missing", "branch-overwritten")
PLACES = ("x", "", "attn")


class PostNormBlock:
    """y = norm(x + attention(x)), no learned norm parameters."""

    def __init__(self, d, rng):
        self.params = {n: rng.normal(size=(d, d)) / np.sqrt(d) for n in ("q", "k", "v")}
        self.grads = {}

    def forward(self, x):
        p = self.params
        q, k, v = x @ p["q"], x @ p["k"], x @ p["v"]
        s = np.einsum("bid,bjd->bij", q, k) / np.sqrt(x.shape[-1])
        a = np.exp(s - s.max(-1, keepdims=True))
        a /= a.sum(-1, keepdims=True)
        r = x + a @ v
        c = r - r.mean(-1, keepdims=True)
        inv = 1 / np.sqrt((c * c).mean(-1, keepdims=True) + 1e-5)
        self.c = dict(x=x, q=q, k=k, v=v, a=a, n=c * inv, inv=inv)
        return c * inv

    def backward(self, dy):
        c, p = self.c, self.params
        n, a = c["n"], c["a"]
        dr = c["inv"] * (dy - dy.mean(-1, keepdims=True) - n * (dy * n).mean(-1, keepdims=True))
        da = np.einsum("bid,bjd->bij", dr, c["v"])
        ds = a * (da - (a * da).sum(-1, keepdims=True)) / np.sqrt(dy.shape[-1])
        d = {"q": ds @ c["k"], "k": ds.transpose(0, 2, 1) @ c["q"], "v": a.transpose(0, 2, 1) @ dr}
        self.grads = {m: np.einsum("bti,btj->ij", c["x"], d[m]) for m in d}
        dx = sum(d[m] @ p[m].T for m in d)
        return dx  # FAULT


class PostNormBlockRepaired:
    """y = norm(x + attention(x)), no learned norm parameters."""

    def __init__(self, d, rng):
        self.params = {n: rng.normal(size=(d, d)) / np.sqrt(d) for n in ("q", "k", "v")}
        self.grads = {}

    def forward(self, x):
        p = self.params
        q, k, v = x @ p["q"], x @ p["k"], x @ p["v"]
        s = np.einsum("bid,bjd->bij", q, k) / np.sqrt(x.shape[-1])
        a = np.exp(s - s.max(-1, keepdims=True))
        a /= a.sum(-1, keepdims=True)
        r = x + a @ v
        c = r - r.mean(-1, keepdims=True)
        inv = 1 / np.sqrt((c * c).mean(-1, keepdims=True) + 1e-5)
        self.c = dict(x=x, q=q, k=k, v=v, a=a, n=c * inv, inv=inv)
        return c * inv

    def backward(self, dy):
        c, p = self.c, self.params
        n, a = c["n"], c["a"]
        dr = c["inv"] * (dy - dy.mean(-1, keepdims=True) - n * (dy * n).mean(-1, keepdims=True))
        da = np.einsum("bid,bjd->bij", dr, c["v"])
        ds = a * (da - (a * da).sum(-1, keepdims=True)) / np.sqrt(dy.shape[-1])
        d = {"q": ds @ c["k"], "k": ds.transpose(0, 2, 1) @ c["q"], "v": a.transpose(0, 2, 1) @ dr}
        self.grads = {m: np.einsum("bti,btj->ij", c["x"], d[m]) for m in d}
        dx = sum(d[m] @ p[m].T for m in d)
        return dr + dx


def faulty():
    rng = np.random.default_rng(140)
    return {"subject": PostNormBlock(5, rng), "inputs": (rng.normal(size=(2, 4, 5)),)}


def correct():
    rng = np.random.default_rng(140)
    return {"subject": PostNormBlockRepaired(5, rng), "inputs": (rng.normal(size=(2, 4, 5)),)}
