"""A decoder layer that hands its arguments to the cross-attention in the wrong order.

Symptom: the output silently follows the source's length; the loss fails on its shapes unless both agree.
Repair: cross(query=h, key=memory, value=memory).
"""
import numpy as np

CODES = ("attention-roles-swapped",)
PLACES = ("", "memory", "target", "cross_attention")


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class MultiHeadAttention:
    def __init__(self, dim, heads, rng):
        self.dim, self.heads = dim, heads
        names = ("query", "key", "value", "out")
        self.params = {name: rng.normal(size=(dim, dim)) / np.sqrt(dim) for name in names}
        self.grads = {}

    def _heads(self, a):
        b, t, _ = a.shape
        return a.reshape(b, t, self.heads, -1).swapaxes(1, 2)

    def _join(self, a):
        b, _, t, _ = a.shape
        return a.swapaxes(1, 2).reshape(b, t, self.dim)

    def forward(self, query, key, value, mask=None):
        self.inputs = {"query": query, "key": key, "value": value}
        self.q, self.k, self.v = (self._heads(a @ self.params[n]) for n, a in self.inputs.items())
        scores = self.q @ self.k.swapaxes(-1, -2) / np.sqrt(self.dim // self.heads)
        if mask is not None:
            scores = np.where(mask, scores, -1e9)
        self.p = softmax(scores)
        self.joined = self._join(self.p @ self.v)
        return self.joined @ self.params["out"]

    def backward(self, dy):
        self.grads["out"] = np.tensordot(self.joined, dy, axes=([0, 1], [0, 1]))
        dctx = self._heads(dy @ self.params["out"].T)
        dp = dctx @ self.v.swapaxes(-1, -2)
        ds = self.p * (dp - (dp * self.p).sum(axis=-1, keepdims=True)) / np.sqrt(self.dim // self.heads)
        delta = {
            "query": self._join(ds @ self.k),
            "key": self._join(ds.swapaxes(-1, -2) @ self.q),
            "value": self._join(self.p.swapaxes(-1, -2) @ dctx),
        }
        for name, d in delta.items():
            self.grads[name] = np.tensordot(self.inputs[name], d, axes=([0, 1], [0, 1]))
        return tuple(d @ self.params[name].T for name, d in delta.items())


class FeedForward:
    def __init__(self, dim, hidden, rng):
        self.params = {
            "W1": rng.normal(size=(dim, hidden)) / np.sqrt(dim),
            "b1": np.full(hidden, 0.1),
            "W2": rng.normal(size=(hidden, dim)) / np.sqrt(hidden),
        }
        self.grads = {}

    def forward(self, x):
        self.x = x
        self.z = x @ self.params["W1"] + self.params["b1"]
        return np.maximum(self.z, 0.0) @ self.params["W2"]

    def backward(self, dy):
        self.grads["W2"] = np.tensordot(np.maximum(self.z, 0.0), dy, axes=([0, 1], [0, 1]))
        dz = dy @ self.params["W2"].T * (self.z > 0)
        self.grads["W1"] = np.tensordot(self.x, dz, axes=([0, 1], [0, 1]))
        self.grads["b1"] = dz.sum(axis=(0, 1))
        return dz @ self.params["W1"].T


class DecoderLayer:
    """Masked self-attention with a residual connection, attention to the encoder, feed-forward."""

    def __init__(self, dim, heads, hidden, rng):
        self.self_attention = MultiHeadAttention(dim, heads, rng)
        self.cross_attention = MultiHeadAttention(dim, heads, rng)
        self.feed_forward = FeedForward(dim, hidden, rng)

    def forward(self, target, memory):
        steps = target.shape[1]
        causal = np.tril(np.ones((steps, steps), dtype=bool))
        h = target + self.self_attention.forward(target, target, target, causal)
        c = self.cross_attention.forward(memory, h, h)  # FAULT
        return c + self.feed_forward.forward(c)

    def backward(self, dy):
        dc = dy + self.feed_forward.backward(dy)
        dmemory, dh_key, dh_value = self.cross_attention.backward(dc)
        dh = dh_key + dh_value
        dq, dk, dv = self.self_attention.backward(dh)
        return dh + dq + dk + dv, dmemory


class DecoderLayerRepaired:
    """Masked self-attention with a residual connection, attention to the encoder, feed-forward."""

    def __init__(self, dim, heads, hidden, rng):
        self.self_attention = MultiHeadAttention(dim, heads, rng)
        self.cross_attention = MultiHeadAttention(dim, heads, rng)
        self.feed_forward = FeedForward(dim, hidden, rng)

    def forward(self, target, memory):
        steps = target.shape[1]
        causal = np.tril(np.ones((steps, steps), dtype=bool))
        h = target + self.self_attention.forward(target, target, target, causal)
        c = self.cross_attention.forward(h, memory, memory)
        return c + self.feed_forward.forward(c)

    def backward(self, dy):
        dc = dy + self.feed_forward.backward(dy)
        dh, dm_key, dm_value = self.cross_attention.backward(dc)
        dmemory = dm_key + dm_value
        dq, dk, dv = self.self_attention.backward(dh)
        return dh + dq + dk + dv, dmemory


def faulty():
    rng = np.random.default_rng(31)
    target, memory = rng.normal(size=(2, 4, 6)), rng.normal(size=(2, 5, 6))
    return {"subject": DecoderLayer(6, 2, 7, rng), "inputs": (target, memory)}


def correct():
    rng = np.random.default_rng(31)
    target, memory = rng.normal(size=(2, 4, 6)), rng.normal(size=(2, 5, 6))
    return {"subject": DecoderLayerRepaired(6, 2, 7, rng), "inputs": (target, memory)}
