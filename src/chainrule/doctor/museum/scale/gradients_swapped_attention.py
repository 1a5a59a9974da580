"""Cross-attention over a memory; gradients as X_grad.

Symptom: attention maps stay flat although the loss falls a little.
Repair: key and value projections have one shape; their gradients are stored under each other's names.
"""
import numpy as np

CODES = ("gradients-swapped",)
PLACES = ("W_key", "W_value", "")


class CrossAttention:
    def __init__(self, d_query, d_memory, d_head, rng):
        self.W_query = rng.normal(size=(d_query, d_head)) / np.sqrt(d_query)
        self.W_key = rng.normal(size=(d_memory, d_head)) / np.sqrt(d_memory)
        self.W_value = rng.normal(size=(d_memory, d_head)) / np.sqrt(d_memory)

    def forward(self, x, memory):
        self.x, self.memory = x, memory
        self.q = x @ self.W_query
        self.k = memory @ self.W_key
        self.v = memory @ self.W_value
        self.scale = self.q.shape[-1] ** -0.5
        scores = np.einsum("btd,bsd->bts", self.q, self.k) * self.scale
        scores = scores - scores.max(axis=-1, keepdims=True)
        self.attn = np.exp(scores)
        self.attn /= self.attn.sum(axis=-1, keepdims=True)
        return np.einsum("bts,bsd->btd", self.attn, self.v)

    def backward(self, dy):
        dv = np.einsum("bts,btd->bsd", self.attn, dy)
        dattn = np.einsum("btd,bsd->bts", dy, self.v)
        dscores = self.attn * (dattn - (dattn * self.attn).sum(axis=-1, keepdims=True)) * self.scale
        dq = np.einsum("bts,bsd->btd", dscores, self.k)
        dk = np.einsum("bts,btd->bsd", dscores, self.q)
        self.W_query_grad = np.einsum("bti,btd->id", self.x, dq)
        self.W_key_grad = np.einsum("bsi,bsd->id", self.memory, dv)  # FAULT
        self.W_value_grad = np.einsum("bsi,bsd->id", self.memory, dk)  # FAULT
        return dq @ self.W_query.T, dk @ self.W_key.T + dv @ self.W_value.T


class CrossAttentionRepaired:
    def __init__(self, d_query, d_memory, d_head, rng):
        self.W_query = rng.normal(size=(d_query, d_head)) / np.sqrt(d_query)
        self.W_key = rng.normal(size=(d_memory, d_head)) / np.sqrt(d_memory)
        self.W_value = rng.normal(size=(d_memory, d_head)) / np.sqrt(d_memory)

    def forward(self, x, memory):
        self.x, self.memory = x, memory
        self.q = x @ self.W_query
        self.k = memory @ self.W_key
        self.v = memory @ self.W_value
        self.scale = self.q.shape[-1] ** -0.5
        scores = np.einsum("btd,bsd->bts", self.q, self.k) * self.scale
        scores = scores - scores.max(axis=-1, keepdims=True)
        self.attn = np.exp(scores)
        self.attn /= self.attn.sum(axis=-1, keepdims=True)
        return np.einsum("bts,bsd->btd", self.attn, self.v)

    def backward(self, dy):
        dv = np.einsum("bts,btd->bsd", self.attn, dy)
        dattn = np.einsum("btd,bsd->bts", dy, self.v)
        dscores = self.attn * (dattn - (dattn * self.attn).sum(axis=-1, keepdims=True)) * self.scale
        dq = np.einsum("bts,bsd->btd", dscores, self.k)
        dk = np.einsum("bts,btd->bsd", dscores, self.q)
        self.W_query_grad = np.einsum("bti,btd->id", self.x, dq)
        self.W_key_grad = np.einsum("bsi,bsd->id", self.memory, dk)
        self.W_value_grad = np.einsum("bsi,bsd->id", self.memory, dv)
        return dq @ self.W_query.T, dk @ self.W_key.T + dv @ self.W_value.T


def faulty():
    rng = np.random.default_rng(27)
    return {"subject": CrossAttention(5, 4, 3, rng),
            "inputs": (rng.normal(size=(2, 3, 5)), rng.normal(size=(2, 6, 4)))}


def correct():
    rng = np.random.default_rng(27)
    return {"subject": CrossAttentionRepaired(5, 4, 3, rng),
            "inputs": (rng.normal(size=(2, 3, 5)), rng.normal(size=(2, 6, 4)))}
