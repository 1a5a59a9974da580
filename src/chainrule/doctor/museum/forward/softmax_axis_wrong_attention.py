"""Attention whose softmax runs over the queries.

Symptom: it learns slowly; attention maps plotted by rows do not look like distributions.
Repair: axis=-1, over the keys.
"""
import numpy as np

CODES = ("softmax-axis-wrong",)
PLACES = ("", "x", "attn")


class SelfAttention:
    """Scaled dot-product self-attention with bias terms."""

    def __init__(self, input_dim, key_dim, rng):
        std = np.sqrt(1.0 / input_dim)
        self.key_dim = key_dim
        self.W_q = rng.normal(0, std, (input_dim, key_dim))
        self.W_k = rng.normal(0, std, (input_dim, key_dim))
        self.W_v = rng.normal(0, std, (input_dim, key_dim))
        self.b_q = rng.normal(0, 0.1, key_dim)
        self.b_v = rng.normal(0, 0.1, key_dim)

    def forward(self, x):
        self.x = x
        self.q = x @ self.W_q + self.b_q
        self.k = x @ self.W_k
        self.v = x @ self.W_v + self.b_v
        scores = self.q @ np.transpose(self.k, (0, 2, 1)) / np.sqrt(self.key_dim)  # (batch, query, key)
        exps = np.exp(scores - scores.max(axis=1, keepdims=True))
        self.attn = exps / exps.sum(axis=1, keepdims=True)  # FAULT
        return self.attn @ self.v

    def backward(self, dout):
        dattn = dout @ np.transpose(self.v, (0, 2, 1))
        dv = np.transpose(self.attn, (0, 2, 1)) @ dout
        inner = (dattn * self.attn).sum(axis=1, keepdims=True)
        dscores = self.attn * (dattn - inner) / np.sqrt(self.key_dim)
        dq = dscores @ self.k
        dk = np.transpose(dscores, (0, 2, 1)) @ self.q

        self.dW_q = np.tensordot(self.x, dq, axes=([0, 1], [0, 1]))
        self.dW_k = np.tensordot(self.x, dk, axes=([0, 1], [0, 1]))
        self.dW_v = np.tensordot(self.x, dv, axes=([0, 1], [0, 1]))
        self.db_q = dq.sum(axis=(0, 1))
        self.db_v = dv.sum(axis=(0, 1))
        return dq @ self.W_q.T + dk @ self.W_k.T + dv @ self.W_v.T


class SelfAttentionRepaired:
    """Scaled dot-product self-attention with bias terms."""

    def __init__(self, input_dim, key_dim, rng):
        std = np.sqrt(1.0 / input_dim)
        self.key_dim = key_dim
        self.W_q = rng.normal(0, std, (input_dim, key_dim))
        self.W_k = rng.normal(0, std, (input_dim, key_dim))
        self.W_v = rng.normal(0, std, (input_dim, key_dim))
        self.b_q = rng.normal(0, 0.1, key_dim)
        self.b_v = rng.normal(0, 0.1, key_dim)

    def forward(self, x):
        self.x = x
        self.q = x @ self.W_q + self.b_q
        self.k = x @ self.W_k
        self.v = x @ self.W_v + self.b_v
        scores = self.q @ np.transpose(self.k, (0, 2, 1)) / np.sqrt(self.key_dim)  # (batch, query, key)
        exps = np.exp(scores - scores.max(axis=2, keepdims=True))
        self.attn = exps / exps.sum(axis=2, keepdims=True)
        return self.attn @ self.v

    def backward(self, dout):
        dattn = dout @ np.transpose(self.v, (0, 2, 1))
        dv = np.transpose(self.attn, (0, 2, 1)) @ dout
        inner = (dattn * self.attn).sum(axis=2, keepdims=True)
        dscores = self.attn * (dattn - inner) / np.sqrt(self.key_dim)
        dq = dscores @ self.k
        dk = np.transpose(dscores, (0, 2, 1)) @ self.q

        self.dW_q = np.tensordot(self.x, dq, axes=([0, 1], [0, 1]))
        self.dW_k = np.tensordot(self.x, dk, axes=([0, 1], [0, 1]))
        self.dW_v = np.tensordot(self.x, dv, axes=([0, 1], [0, 1]))
        self.db_q = dq.sum(axis=(0, 1))
        self.db_v = dv.sum(axis=(0, 1))
        return dq @ self.W_q.T + dk @ self.W_k.T + dv @ self.W_v.T


def faulty():
    rng = np.random.default_rng(13)
    return {"subject": SelfAttention(5, 3, rng), "inputs": (rng.normal(size=(2, 4, 5)),)}


def correct():
    rng = np.random.default_rng(13)
    return {"subject": SelfAttentionRepaired(5, 3, rng), "inputs": (rng.normal(size=(2, 4, 5)),)}
