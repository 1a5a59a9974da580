"""Multi-head self-attention, batched.

Symptom: single head trains fine, several heads train badly; no error anywhere.
Repair: bring the head axis back next to the feature axis (transpose) before merging the heads.
"""
import numpy as np

CODES = ("reshape-for-transpose",)
PLACES = ("wq", "wk", "wv", "x", "")


class MultiHeadAttention:
    def __init__(self, d_model, num_heads, seed=1234):
        rng = np.random.default_rng(seed)
        self.h, self.d = num_heads, d_model // num_heads
        self.p = {n: rng.normal(0, 0.5, (d_model, d_model)) for n in ("wq", "wk", "wv", "wo")}
        self.g = {}

    def _split(self, t):
        B, T, _ = t.shape
        return t.reshape(B, T, self.h, self.d).transpose(0, 2, 1, 3)

    def _unsplit_grad(self, t):
        B, H, T, d = t.shape
        return t.reshape(B, T, H * d)  # FAULT

    def forward(self, x):
        p = self.p
        q, k, v = self._split(x @ p["wq"]), self._split(x @ p["wk"]), self._split(x @ p["wv"])
        s = np.einsum("bhid,bhjd->bhij", q, k) / np.sqrt(self.d)
        a = np.exp(s - s.max(-1, keepdims=True))
        a /= a.sum(-1, keepdims=True)
        o = np.einsum("bhij,bhjd->bihd", a, v)
        o = o.reshape(x.shape)
        self.cache = x, q, k, v, a, o
        return o @ p["wo"]

    def backward(self, dy):
        x, q, k, v, a, o = self.cache
        self.g["wo"] = np.einsum("bti,btj->ij", o, dy)
        do = self._split(dy @ self.p["wo"].T)
        dv = np.einsum("bhij,bhid->bhjd", a, do)
        da = np.einsum("bhid,bhjd->bhij", do, v)
        ds = a * (da - (da * a).sum(-1, keepdims=True)) / np.sqrt(self.d)
        dq = np.einsum("bhij,bhjd->bhid", ds, k)
        dk = np.einsum("bhij,bhid->bhjd", ds, q)
        dx = np.zeros_like(x)
        for name, grad in (("wq", dq), ("wk", dk), ("wv", dv)):
            flat = self._unsplit_grad(grad)
            self.g[name] = np.einsum("bti,btj->ij", x, flat)
            dx += flat @ self.p[name].T
        return dx


class MultiHeadAttentionRepaired:
    def __init__(self, d_model, num_heads, seed=1234):
        rng = np.random.default_rng(seed)
        self.h, self.d = num_heads, d_model // num_heads
        self.p = {n: rng.normal(0, 0.5, (d_model, d_model)) for n in ("wq", "wk", "wv", "wo")}
        self.g = {}

    def _split(self, t):
        B, T, _ = t.shape
        return t.reshape(B, T, self.h, self.d).transpose(0, 2, 1, 3)

    def _unsplit_grad(self, t):
        B, H, T, d = t.shape
        return t.transpose(0, 2, 1, 3).reshape(B, T, H * d)

    def forward(self, x):
        p = self.p
        q, k, v = self._split(x @ p["wq"]), self._split(x @ p["wk"]), self._split(x @ p["wv"])
        s = np.einsum("bhid,bhjd->bhij", q, k) / np.sqrt(self.d)
        a = np.exp(s - s.max(-1, keepdims=True))
        a /= a.sum(-1, keepdims=True)
        o = np.einsum("bhij,bhjd->bihd", a, v)
        o = o.reshape(x.shape)
        self.cache = x, q, k, v, a, o
        return o @ p["wo"]

    def backward(self, dy):
        x, q, k, v, a, o = self.cache
        self.g["wo"] = np.einsum("bti,btj->ij", o, dy)
        do = self._split(dy @ self.p["wo"].T)
        dv = np.einsum("bhij,bhid->bhjd", a, do)
        da = np.einsum("bhid,bhjd->bhij", do, v)
        ds = a * (da - (da * a).sum(-1, keepdims=True)) / np.sqrt(self.d)
        dq = np.einsum("bhij,bhjd->bhid", ds, k)
        dk = np.einsum("bhij,bhid->bhjd", ds, q)
        dx = np.zeros_like(x)
        for name, grad in (("wq", dq), ("wk", dk), ("wv", dv)):
            flat = self._unsplit_grad(grad)
            self.g[name] = np.einsum("bti,btj->ij", x, flat)
            dx += flat @ self.p[name].T
        return dx


def _x():
    return (np.random.default_rng(5).normal(size=(2, 5, 6)),)


def faulty():
    return {"subject": MultiHeadAttention(6, 2), "inputs": _x()}


def correct():
    return {"subject": MultiHeadAttentionRepaired(6, 2), "inputs": _x()}
