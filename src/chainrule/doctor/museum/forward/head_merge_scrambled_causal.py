"""Causal attention whose heads are put together again in memory order.

Symptom: the training loss becomes suspiciously low, and generated text is poor.
Repair: swap the axes back to (batch, steps, heads, size) before the reshape.
"""
import numpy as np

CODES = ("head-merge-scrambled", "causal-leak")
PLACES = ("x", "")


def softmax(a):
    e = np.exp(a - a.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class CausalAttention:
    """Masked multi-head attention with one stacked projection for query, key and value."""

    def __init__(self, width, heads, rng):
        self.width = width
        self.heads = heads
        self.params = [
            rng.normal(size=(width, 3 * width)) / np.sqrt(width),
            rng.normal(size=(3 * width,)) * 0.1,
            rng.normal(size=(width, width)) / np.sqrt(width),
        ]
        self.grads = [np.zeros_like(p) for p in self.params]

    def _split(self, a):
        B, T, _ = a.shape
        return a.reshape(B, T, self.heads, self.width // self.heads).swapaxes(1, 2)

    def _merge(self, a):
        B, H, T, d = a.shape
        return a.swapaxes(1, 2).reshape(B, T, H * d)

    def forward(self, x):
        Wqkv, bqkv, Wo = self.params
        B, T, D = x.shape
        q, k, v = map(self._split, np.split(x @ Wqkv + bqkv, 3, axis=-1))
        s = np.einsum("bhqd,bhkd->bhqk", q, k) / np.sqrt(D // self.heads)
        future = np.triu(np.ones((T, T), dtype=bool), k=1)
        p = softmax(np.where(future, -1e9, s))
        context = np.einsum("bhqk,bhkd->bhqd", p, v)
        merged = context.reshape(B, T, D)  # FAULT
        self.saved = (x, q, k, v, p, merged)
        return merged @ Wo

    def backward(self, dy):
        Wqkv, bqkv, Wo = self.params
        x, q, k, v, p, merged = self.saved
        D = self.width
        dctx = (dy @ Wo.T).reshape(q.shape)
        dp = np.einsum("bhqd,bhkd->bhqk", dctx, v)
        dv = np.einsum("bhqk,bhqd->bhkd", p, dctx)
        ds = p * (dp - np.sum(dp * p, axis=-1, keepdims=True)) / np.sqrt(D // self.heads)
        dq = np.einsum("bhqk,bhkd->bhqd", ds, k)
        dk = np.einsum("bhqk,bhqd->bhkd", ds, q)
        dqkv = np.concatenate([self._merge(dq), self._merge(dk), self._merge(dv)], axis=-1)
        self.grads = [
            np.einsum("btd,bte->de", x, dqkv),
            dqkv.sum(axis=(0, 1)),
            np.einsum("btd,bte->de", merged, dy),
        ]
        return dqkv @ Wqkv.T


class CausalAttentionRepaired:
    """Masked multi-head attention with one stacked projection for query, key and value."""

    def __init__(self, width, heads, rng):
        self.width = width
        self.heads = heads
        self.params = [
            rng.normal(size=(width, 3 * width)) / np.sqrt(width),
            rng.normal(size=(3 * width,)) * 0.1,
            rng.normal(size=(width, width)) / np.sqrt(width),
        ]
        self.grads = [np.zeros_like(p) for p in self.params]

    def _split(self, a):
        B, T, _ = a.shape
        return a.reshape(B, T, self.heads, self.width // self.heads).swapaxes(1, 2)

    def _merge(self, a):
        B, H, T, d = a.shape
        return a.swapaxes(1, 2).reshape(B, T, H * d)

    def forward(self, x):
        Wqkv, bqkv, Wo = self.params
        B, T, D = x.shape
        q, k, v = map(self._split, np.split(x @ Wqkv + bqkv, 3, axis=-1))
        s = np.einsum("bhqd,bhkd->bhqk", q, k) / np.sqrt(D // self.heads)
        future = np.triu(np.ones((T, T), dtype=bool), k=1)
        p = softmax(np.where(future, -1e9, s))
        context = np.einsum("bhqk,bhkd->bhqd", p, v)
        merged = self._merge(context)
        self.saved = (x, q, k, v, p, merged)
        return merged @ Wo

    def backward(self, dy):
        Wqkv, bqkv, Wo = self.params
        x, q, k, v, p, merged = self.saved
        D = self.width
        dctx = self._split(dy @ Wo.T)
        dp = np.einsum("bhqd,bhkd->bhqk", dctx, v)
        dv = np.einsum("bhqk,bhqd->bhkd", p, dctx)
        ds = p * (dp - np.sum(dp * p, axis=-1, keepdims=True)) / np.sqrt(D // self.heads)
        dq = np.einsum("bhqk,bhkd->bhqd", ds, k)
        dk = np.einsum("bhqk,bhqd->bhkd", ds, q)
        dqkv = np.concatenate([self._merge(dq), self._merge(dk), self._merge(dv)], axis=-1)
        self.grads = [
            np.einsum("btd,bte->de", x, dqkv),
            dqkv.sum(axis=(0, 1)),
            np.einsum("btd,bte->de", merged, dy),
        ]
        return dqkv @ Wqkv.T


def faulty():
    rng = np.random.default_rng(4)
    return {"subject": CausalAttention(6, 3, rng), "inputs": (rng.normal(size=(2, 5, 6)),)}


def correct():
    rng = np.random.default_rng(4)
    return {"subject": CausalAttentionRepaired(6, 3, rng), "inputs": (rng.normal(size=(2, 5, 6)),)}
