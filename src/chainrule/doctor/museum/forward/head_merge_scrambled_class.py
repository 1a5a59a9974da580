"""Multi-head attention that merges its heads with a reshape only.

Symptom: the model trains, but clearly worse than with one head; attention maps look sensible.
Repair: move the head axis next to the head size before the reshape.
"""
import numpy as np

CODES = ("head-merge-scrambled",)
PLACES = ("x", "")


def softmax(z):
    z = z - z.max(axis=-1, keepdims=True)
    e = np.exp(z)
    return e / e.sum(axis=-1, keepdims=True)


class MultiHeadAttention:
    def __init__(self, d_model, num_heads, rng):
        assert d_model % num_heads == 0
        self.d_model, self.num_heads, self.d_head = d_model, num_heads, d_model // num_heads
        self.W_q, self.W_k, self.W_v, self.W_o = (
            rng.normal(0.0, d_model ** -0.5, size=(d_model, d_model)) for _ in range(4)
        )

    def split(self, x):
        batch, steps, _ = x.shape
        return x.reshape(batch, steps, self.num_heads, self.d_head).transpose(0, 2, 1, 3)

    def unsplit(self, g):
        batch, _, steps, _ = g.shape
        return g.transpose(0, 2, 1, 3).reshape(batch, steps, self.d_model)

    def forward(self, x, mask=None):
        """x: (batch, steps, d_model); mask: (steps, steps), True where attention is allowed."""
        self.x = x
        batch, steps, _ = x.shape
        self.q, self.k, self.v = self.split(x @ self.W_q), self.split(x @ self.W_k), self.split(x @ self.W_v)
        scores = self.q @ self.k.swapaxes(-1, -2) / np.sqrt(self.d_head)
        if mask is not None:
            scores = np.where(mask, scores, -1e9)
        self.attn = softmax(scores)
        context = self.attn @ self.v
        self.merged = context.reshape(batch, steps, self.d_model)  # FAULT
        return self.merged @ self.W_o

    def backward(self, dout):
        batch, steps, _ = dout.shape
        self.dW_o = np.einsum("bti,btj->ij", self.merged, dout)
        dmerged = dout @ self.W_o.T
        dcontext = dmerged.reshape(batch, self.num_heads, steps, self.d_head)  # FAULT
        dattn = dcontext @ self.v.swapaxes(-1, -2)
        dv = self.attn.swapaxes(-1, -2) @ dcontext
        dscores = self.attn * (dattn - (dattn * self.attn).sum(axis=-1, keepdims=True))
        dscores = dscores / np.sqrt(self.d_head)
        dq = self.unsplit(dscores @ self.k)
        dk = self.unsplit(dscores.swapaxes(-1, -2) @ self.q)
        dv = self.unsplit(dv)
        self.dW_q = np.einsum("bti,btj->ij", self.x, dq)
        self.dW_k = np.einsum("bti,btj->ij", self.x, dk)
        self.dW_v = np.einsum("bti,btj->ij", self.x, dv)
        return dq @ self.W_q.T + dk @ self.W_k.T + dv @ self.W_v.T


class MultiHeadAttentionRepaired:
    def __init__(self, d_model, num_heads, rng):
        assert d_model % num_heads == 0
        self.d_model, self.num_heads, self.d_head = d_model, num_heads, d_model // num_heads
        self.W_q, self.W_k, self.W_v, self.W_o = (
            rng.normal(0.0, d_model ** -0.5, size=(d_model, d_model)) for _ in range(4)
        )

    def split(self, x):
        batch, steps, _ = x.shape
        return x.reshape(batch, steps, self.num_heads, self.d_head).transpose(0, 2, 1, 3)

    def unsplit(self, g):
        batch, _, steps, _ = g.shape
        return g.transpose(0, 2, 1, 3).reshape(batch, steps, self.d_model)

    def forward(self, x, mask=None):
        """x: (batch, steps, d_model); mask: (steps, steps), True where attention is allowed."""
        self.x = x
        batch, steps, _ = x.shape
        self.q, self.k, self.v = self.split(x @ self.W_q), self.split(x @ self.W_k), self.split(x @ self.W_v)
        scores = self.q @ self.k.swapaxes(-1, -2) / np.sqrt(self.d_head)
        if mask is not None:
            scores = np.where(mask, scores, -1e9)
        self.attn = softmax(scores)
        context = self.attn @ self.v
        self.merged = context.transpose(0, 2, 1, 3).reshape(batch, steps, self.d_model)
        return self.merged @ self.W_o

    def backward(self, dout):
        batch, steps, _ = dout.shape
        self.dW_o = np.einsum("bti,btj->ij", self.merged, dout)
        dmerged = dout @ self.W_o.T
        dcontext = self.split(dmerged)
        dattn = dcontext @ self.v.swapaxes(-1, -2)
        dv = self.attn.swapaxes(-1, -2) @ dcontext
        dscores = self.attn * (dattn - (dattn * self.attn).sum(axis=-1, keepdims=True))
        dscores = dscores / np.sqrt(self.d_head)
        dq = self.unsplit(dscores @ self.k)
        dk = self.unsplit(dscores.swapaxes(-1, -2) @ self.q)
        dv = self.unsplit(dv)
        self.dW_q = np.einsum("bti,btj->ij", self.x, dq)
        self.dW_k = np.einsum("bti,btj->ij", self.x, dk)
        self.dW_v = np.einsum("bti,btj->ij", self.x, dv)
        return dq @ self.W_q.T + dk @ self.W_k.T + dv @ self.W_v.T


def faulty():
    rng = np.random.default_rng(3)
    return {"subject": MultiHeadAttention(6, 2, rng), "inputs": (rng.normal(size=(2, 5, 6)),)}


def correct():
    rng = np.random.default_rng(3)
    return {"subject": MultiHeadAttentionRepaired(6, 2, rng), "inputs": (rng.normal(size=(2, 5, 6)),)}
