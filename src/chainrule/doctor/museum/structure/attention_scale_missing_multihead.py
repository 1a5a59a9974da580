"""Multi-head attention by einsum; the scores are scaled once, their gradient never.

Symptom: attention patterns become one-hot much too early.
Repair: the scale of the scores belongs in their gradient too.
"""
import numpy as np

CODES = ("attention-scale-missing",)
PLACES = ("x", "Wq", "Wk", "bq", "params.Wq", "params.Wk", "params.bq", "")


class MultiHeadAttention:
    """x (B, T, D); heads H of width K. Causal, as in a small language model."""

    def __init__(self, model_dim, n_heads, head_dim, rng):
        s = model_dim ** -0.5
        self.params = {
            "Wq": rng.normal(0, s, (model_dim, n_heads, head_dim)),
            "bq": np.zeros((n_heads, head_dim)),
            "Wk": rng.normal(0, s, (model_dim, n_heads, head_dim)),
            "Wv": rng.normal(0, s, (model_dim, n_heads, head_dim)),
            "bv": np.zeros((n_heads, head_dim)),
            "Wo": rng.normal(0, s, (n_heads, head_dim, model_dim)),
        }
        self.scale = head_dim ** -0.5

    def forward(self, x):
        w = self.params
        q = np.einsum("btd,dhk->bhtk", x, w["Wq"]) + w["bq"][:, None]
        k = np.einsum("btd,dhk->bhtk", x, w["Wk"])
        v = np.einsum("btd,dhk->bhtk", x, w["Wv"]) + w["bv"][:, None]
        s = np.einsum("bhtk,bhsk->bhts", q, k) * self.scale
        s = np.where(np.tri(x.shape[1], dtype=bool), s, -1e9)
        a = np.exp(s - s.max(-1, keepdims=True))
        a /= a.sum(-1, keepdims=True)
        z = np.einsum("bhts,bhsk->bhtk", a, v)
        self.cache = dict(x=x, q=q, k=k, v=v, a=a, z=z)
        return np.einsum("bhtk,hkd->btd", z, w["Wo"])

    def backward(self, dy):
        w = self.params
        x, q, k, v, a, z = (self.cache[n] for n in "xqkvaz")
        g = {"Wo": np.einsum("bhtk,btd->hkd", z, dy)}
        dz = np.einsum("btd,hkd->bhtk", dy, w["Wo"])
        da = np.einsum("bhtk,bhsk->bhts", dz, v)
        dv = np.einsum("bhts,bhtk->bhsk", a, dz)
        ds = a * (da - (a * da).sum(-1, keepdims=True))  # FAULT
        dq = np.einsum("bhts,bhsk->bhtk", ds, k)
        dk = np.einsum("bhts,bhtk->bhsk", ds, q)
        dx = 0
        for name, d in zip("qkv", (dq, dk, dv)):
            g["W" + name] = np.einsum("btd,bhtk->dhk", x, d)
            dx = dx + np.einsum("bhtk,dhk->btd", d, w["W" + name])
        g["bq"], g["bv"] = dq.sum((0, 2)), dv.sum((0, 2))
        self.grads = g
        return dx


class MultiHeadAttentionRepaired:
    """x (B, T, D); heads H of width K. Causal, as in a small language model."""

    def __init__(self, model_dim, n_heads, head_dim, rng):
        s = model_dim ** -0.5
        self.params = {
            "Wq": rng.normal(0, s, (model_dim, n_heads, head_dim)),
            "bq": np.zeros((n_heads, head_dim)),
            "Wk": rng.normal(0, s, (model_dim, n_heads, head_dim)),
            "Wv": rng.normal(0, s, (model_dim, n_heads, head_dim)),
            "bv": np.zeros((n_heads, head_dim)),
            "Wo": rng.normal(0, s, (n_heads, head_dim, model_dim)),
        }
        self.scale = head_dim ** -0.5

    def forward(self, x):
        w = self.params
        q = np.einsum("btd,dhk->bhtk", x, w["Wq"]) + w["bq"][:, None]
        k = np.einsum("btd,dhk->bhtk", x, w["Wk"])
        v = np.einsum("btd,dhk->bhtk", x, w["Wv"]) + w["bv"][:, None]
        s = np.einsum("bhtk,bhsk->bhts", q, k) * self.scale
        s = np.where(np.tri(x.shape[1], dtype=bool), s, -1e9)
        a = np.exp(s - s.max(-1, keepdims=True))
        a /= a.sum(-1, keepdims=True)
        z = np.einsum("bhts,bhsk->bhtk", a, v)
        self.cache = dict(x=x, q=q, k=k, v=v, a=a, z=z)
        return np.einsum("bhtk,hkd->btd", z, w["Wo"])

    def backward(self, dy):
        w = self.params
        x, q, k, v, a, z = (self.cache[n] for n in "xqkvaz")
        g = {"Wo": np.einsum("bhtk,btd->hkd", z, dy)}
        dz = np.einsum("btd,hkd->bhtk", dy, w["Wo"])
        da = np.einsum("bhtk,bhsk->bhts", dz, v)
        dv = np.einsum("bhts,bhtk->bhsk", a, dz)
        ds = a * (da - (a * da).sum(-1, keepdims=True)) * self.scale
        dq = np.einsum("bhts,bhsk->bhtk", ds, k)
        dk = np.einsum("bhts,bhtk->bhsk", ds, q)
        dx = 0
        for name, d in zip("qkv", (dq, dk, dv)):
            g["W" + name] = np.einsum("btd,bhtk->dhk", x, d)
            dx = dx + np.einsum("bhtk,dhk->btd", d, w["W" + name])
        g["bq"], g["bv"] = dq.sum((0, 2)), dv.sum((0, 2))
        self.grads = g
        return dx


def faulty():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(2, 4, 6))
    return {"subject": MultiHeadAttention(6, 2, 3, rng), "inputs": (x,)}


def correct():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(2, 4, 6))
    return {"subject": MultiHeadAttentionRepaired(6, 2, 3, rng), "inputs": (x,)}
