"""Encoder attention with a padding mask that is broadcast over the queries and not over the keys.

Symptom: the same sentence is encoded differently when its batch has a longer companion.
Repair: mask[:, None, :], the last axis of the scores runs over the keys.
"""
import numpy as np

CODES = ("padding-leak",)
PLACES = ("x", "", "mask", "padding_mask")


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class EncoderAttention:
    """Self-attention over padded sentences."""

    def __init__(self, d_model, d_key, rng):
        self.params = {}
        for name in ("Wq", "Wk", "Wv"):
            self.params[name] = rng.normal(size=(d_model, d_key)) / np.sqrt(d_model)
        self.params["Wo"] = rng.normal(size=(d_key, d_model)) / np.sqrt(d_key)
        self.grads = {}
        self.scale = 1.0 / np.sqrt(d_key)

    def forward(self, x, padding_mask):
        """x: (B, T, D). padding_mask: (B, T), True for a real token and False for padding."""
        p = self.params
        q, k, v = x @ p["Wq"], x @ p["Wk"], x @ p["Wv"]
        scores = q @ k.transpose(0, 2, 1) * self.scale
        scores = np.where(padding_mask[:, :, None], scores, -1e9)  # FAULT
        alpha = softmax(scores)
        context = alpha @ v
        self.cache = x, padding_mask, q, k, v, alpha, context
        return context @ p["Wo"]

    def backward(self, dy):
        p = self.params
        x, padding_mask, q, k, v, alpha, context = self.cache
        self.grads["Wo"] = np.einsum("btk,btd->kd", context, dy)
        dcontext = dy @ p["Wo"].T
        dalpha = dcontext @ v.transpose(0, 2, 1)
        dv = alpha.transpose(0, 2, 1) @ dcontext
        dscores = alpha * (dalpha - (alpha * dalpha).sum(axis=-1, keepdims=True))
        dscores = np.where(padding_mask[:, :, None], dscores, 0.0) * self.scale
        dq = dscores @ k
        dk = dscores.transpose(0, 2, 1) @ q
        dx = np.zeros_like(x)
        for name, grad in (("Wq", dq), ("Wk", dk), ("Wv", dv)):
            self.grads[name] = np.einsum("btd,btk->dk", x, grad)
            dx += grad @ p[name].T
        return dx


class EncoderAttentionRepaired:
    """Self-attention over padded sentences."""

    def __init__(self, d_model, d_key, rng):
        self.params = {}
        for name in ("Wq", "Wk", "Wv"):
            self.params[name] = rng.normal(size=(d_model, d_key)) / np.sqrt(d_model)
        self.params["Wo"] = rng.normal(size=(d_key, d_model)) / np.sqrt(d_key)
        self.grads = {}
        self.scale = 1.0 / np.sqrt(d_key)

    def forward(self, x, padding_mask):
        """x: (B, T, D). padding_mask: (B, T), True for a real token and False for padding."""
        p = self.params
        q, k, v = x @ p["Wq"], x @ p["Wk"], x @ p["Wv"]
        scores = q @ k.transpose(0, 2, 1) * self.scale
        scores = np.where(padding_mask[:, None, :], scores, -1e9)
        alpha = softmax(scores)
        context = alpha @ v
        self.cache = x, padding_mask, q, k, v, alpha, context
        return context @ p["Wo"]

    def backward(self, dy):
        p = self.params
        x, padding_mask, q, k, v, alpha, context = self.cache
        self.grads["Wo"] = np.einsum("btk,btd->kd", context, dy)
        dcontext = dy @ p["Wo"].T
        dalpha = dcontext @ v.transpose(0, 2, 1)
        dv = alpha.transpose(0, 2, 1) @ dcontext
        dscores = alpha * (dalpha - (alpha * dalpha).sum(axis=-1, keepdims=True))
        dscores = np.where(padding_mask[:, None, :], dscores, 0.0) * self.scale
        dq = dscores @ k
        dk = dscores.transpose(0, 2, 1) @ q
        dx = np.zeros_like(x)
        for name, grad in (("Wq", dq), ("Wk", dk), ("Wv", dv)):
            self.grads[name] = np.einsum("btd,btk->dk", x, grad)
            dx += grad @ p[name].T
        return dx


def faulty():
    rng = np.random.default_rng(10)
    x = rng.normal(size=(3, 5, 6))
    padding_mask = np.arange(5) < np.array([5, 3, 2])[:, None]
    attention = EncoderAttention(6, 4, rng)
    return {"subject": attention, "inputs": (x,), "forward_kwargs": {"padding_mask": padding_mask}}


def correct():
    rng = np.random.default_rng(10)
    x = rng.normal(size=(3, 5, 6))
    padding_mask = np.arange(5) < np.array([5, 3, 2])[:, None]
    attention = EncoderAttentionRepaired(6, 4, rng)
    return {"subject": attention, "inputs": (x,), "forward_kwargs": {"padding_mask": padding_mask}}
