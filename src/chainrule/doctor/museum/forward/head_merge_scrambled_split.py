"""Masked attention whose heads are both split and merged by a bare reshape.

Symptom: the model forgets the beginning of a text after a few words; more heads make it worse.
Repair: split with (T, heads, size), then swap the axes; merge the other way round.
"""
import numpy as np

CODES = ("head-merge-scrambled",)
PLACES = ("x", "")


def softmax(a):
    e = np.exp(a - a.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class MaskedAttention:
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
        return a.reshape(B, self.heads, T, self.width // self.heads)  # FAULT

    def _merge(self, a):
        B, H, T, d = a.shape
        return a.reshape(B, T, H * d)  # FAULT

    def forward(self, x):
        Wqkv, bqkv, Wo = self.params
        B, T, D = x.shape
        q, k, v = map(self._split, np.split(x @ Wqkv + bqkv, 3, axis=-1))
        s = np.einsum("bhqd,bhkd->bhqk", q, k) / np.sqrt(D // self.heads)
        future = np.triu(np.ones((T, T), dtype=bool), k=1)
        p = softmax(np.where(future, -1e9, s))
        merged = self._merge(np.einsum("bhqk,bhkd->bhqd", p, v))
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


class MaskedAttentionRepaired:
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
        merged = self._merge(np.einsum("bhqk,bhkd->bhqd", p, v))
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
    rng = np.random.default_rng(49)
    return {"subject": MaskedAttention(6, 3, rng), "inputs": (rng.normal(size=(2, 5, 6)),)}


def correct():
    rng = np.random.default_rng(49)
    return {"subject": MaskedAttentionRepaired(6, 3, rng), "inputs": (rng.normal(size=(2, 5, 6)),)}
