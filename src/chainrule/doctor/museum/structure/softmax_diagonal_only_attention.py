"""Attention weights differentiated with the derivative of the sigmoid.

Symptom: attention learns something, but slowly and never as well as the reference.
Repair: use the whole Jacobian of the softmax, p * (dp - sum(dp * p)).
"""
import numpy as np

CODES = ("softmax-diagonal-only",)
PLACES = ("x", "q_proj", "k_proj", "params.q_proj", "params.k_proj", "")


def softmax(scores):
    shifted = scores - np.max(scores, axis=-1, keepdims=True)
    e = np.exp(shifted)
    return e / np.sum(e, axis=-1, keepdims=True)


class SelfAttention:
    """Single-head self-attention with separate projections for query, key, value and output."""

    def __init__(self, embed_dim, head_dim, rng):
        bound = np.sqrt(6.0 / (embed_dim + head_dim))
        self.params = {
            "q_proj": rng.uniform(-bound, bound, (embed_dim, head_dim)),
            "k_proj": rng.uniform(-bound, bound, (embed_dim, head_dim)),
            "v_proj": rng.uniform(-bound, bound, (embed_dim, head_dim)),
            "o_proj": rng.uniform(-bound, bound, (head_dim, embed_dim)),
        }
        self.grads = {name: np.zeros_like(value) for name, value in self.params.items()}
        self.scale = 1.0 / np.sqrt(head_dim)

    def forward(self, x):
        p = self.params
        q = x @ p["q_proj"]
        k = x @ p["k_proj"]
        v = x @ p["v_proj"]
        weights = softmax(np.einsum("bid,bjd->bij", q, k) * self.scale)
        context = np.einsum("bij,bjd->bid", weights, v)
        self.cache = (x, q, k, v, weights, context)
        return context @ p["o_proj"]

    def backward(self, dout):
        x, q, k, v, weights, context = self.cache
        p = self.params
        self.grads["o_proj"] = np.einsum("bid,bie->de", context, dout)
        dcontext = dout @ p["o_proj"].T
        dweights = np.einsum("bid,bjd->bij", dcontext, v)
        dv = np.einsum("bij,bid->bjd", weights, dcontext)
        dscores = dweights * weights * (1 - weights)  # FAULT
        dscores = dscores * self.scale
        dq = np.einsum("bij,bjd->bid", dscores, k)
        dk = np.einsum("bij,bid->bjd", dscores, q)
        dx = np.zeros_like(x)
        for name, d in (("q_proj", dq), ("k_proj", dk), ("v_proj", dv)):
            self.grads[name] = np.einsum("bie,bid->ed", x, d)
            dx += d @ p[name].T
        return dx


class SelfAttentionRepaired:
    """Single-head self-attention with separate projections for query, key, value and output."""

    def __init__(self, embed_dim, head_dim, rng):
        bound = np.sqrt(6.0 / (embed_dim + head_dim))
        self.params = {
            "q_proj": rng.uniform(-bound, bound, (embed_dim, head_dim)),
            "k_proj": rng.uniform(-bound, bound, (embed_dim, head_dim)),
            "v_proj": rng.uniform(-bound, bound, (embed_dim, head_dim)),
            "o_proj": rng.uniform(-bound, bound, (head_dim, embed_dim)),
        }
        self.grads = {name: np.zeros_like(value) for name, value in self.params.items()}
        self.scale = 1.0 / np.sqrt(head_dim)

    def forward(self, x):
        p = self.params
        q = x @ p["q_proj"]
        k = x @ p["k_proj"]
        v = x @ p["v_proj"]
        weights = softmax(np.einsum("bid,bjd->bij", q, k) * self.scale)
        context = np.einsum("bij,bjd->bid", weights, v)
        self.cache = (x, q, k, v, weights, context)
        return context @ p["o_proj"]

    def backward(self, dout):
        x, q, k, v, weights, context = self.cache
        p = self.params
        self.grads["o_proj"] = np.einsum("bid,bie->de", context, dout)
        dcontext = dout @ p["o_proj"].T
        dweights = np.einsum("bid,bjd->bij", dcontext, v)
        dv = np.einsum("bij,bid->bjd", weights, dcontext)
        dscores = weights * (dweights - np.sum(dweights * weights, axis=-1, keepdims=True))
        dscores = dscores * self.scale
        dq = np.einsum("bij,bjd->bid", dscores, k)
        dk = np.einsum("bij,bid->bjd", dscores, q)
        dx = np.zeros_like(x)
        for name, d in (("q_proj", dq), ("k_proj", dk), ("v_proj", dv)):
            self.grads[name] = np.einsum("bie,bid->ed", x, d)
            dx += d @ p[name].T
        return dx


def faulty():
    rng = np.random.default_rng(0)
    return {"subject": SelfAttention(6, 4, rng), "inputs": (rng.normal(size=(2, 5, 6)),)}


def correct():
    rng = np.random.default_rng(0)
    return {"subject": SelfAttentionRepaired(6, 4, rng), "inputs": (rng.normal(size=(2, 5, 6)),)}
