"""Multi-head self-attention with dropout on the attention weights.

Symptom: training with dropout is noisy and worse than without; with p = 0 all checks pass.
Repair: keep forward's mask and use it again.
"""
import numpy as np
CODES = ("mask-redrawn",)
PLACES = ("x", "dx", "Wq", "Wk", "Wv", "Wqkv", "")


class SelfAttention:
    def __init__(self, d_model=6, n_heads=2, p_drop=0.4):
        self.h, self.p, self.training = n_heads, p_drop, True
        self.Wqkv = np.random.randn(d_model, 3 * d_model) * 0.5
        self.Wo = np.random.randn(d_model, d_model) * 0.5

    def _split(self, z):
        B, T, D = z.shape
        return z.reshape(B, T, self.h, D // self.h).transpose(0, 2, 1, 3)

    def _merge(self, z):
        B, H, T, d = z.shape
        return z.transpose(0, 2, 1, 3).reshape(B, T, H * d)

    def _mask(self, shape):
        if not self.training:
            return np.ones(shape)
        return (np.random.rand(*shape) >= self.p) / (1 - self.p)

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = [self._split(z) for z in np.split(x @ self.Wqkv, 3, axis=-1)]
        s = self.q @ self.k.swapaxes(-1, -2) / np.sqrt(self.q.shape[-1])
        e = np.exp(s - s.max(-1, keepdims=True))
        self.a = e / e.sum(-1, keepdims=True)
        self.mask = self._mask(self.a.shape)
        self.ctx = self._merge((self.a * self.mask) @ self.v)
        return self.ctx @ self.Wo

    def backward(self, dout):
        self.dWo = np.einsum("bti,bto->io", self.ctx, dout)
        dctx = self._split(dout @ self.Wo.T)
        mask = self._mask(self.a.shape)  # FAULT
        dv = (self.a * mask).swapaxes(-1, -2) @ dctx
        da = (dctx @ self.v.swapaxes(-1, -2)) * mask
        ds = self.a * (da - (da * self.a).sum(-1, keepdims=True)) / np.sqrt(self.q.shape[-1])
        dqkv = np.concatenate([self._merge(ds @ self.k), self._merge(ds.swapaxes(-1, -2) @ self.q), self._merge(dv)], -1)
        self.dWqkv = np.einsum("bti,bto->io", self.x, dqkv)
        return dqkv @ self.Wqkv.T


class SelfAttentionRepaired:
    def __init__(self, d_model=6, n_heads=2, p_drop=0.4):
        self.h, self.p, self.training = n_heads, p_drop, True
        self.Wqkv = np.random.randn(d_model, 3 * d_model) * 0.5
        self.Wo = np.random.randn(d_model, d_model) * 0.5

    def _split(self, z):
        B, T, D = z.shape
        return z.reshape(B, T, self.h, D // self.h).transpose(0, 2, 1, 3)

    def _merge(self, z):
        B, H, T, d = z.shape
        return z.transpose(0, 2, 1, 3).reshape(B, T, H * d)

    def _mask(self, shape):
        if not self.training:
            return np.ones(shape)
        return (np.random.rand(*shape) >= self.p) / (1 - self.p)

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = [self._split(z) for z in np.split(x @ self.Wqkv, 3, axis=-1)]
        s = self.q @ self.k.swapaxes(-1, -2) / np.sqrt(self.q.shape[-1])
        e = np.exp(s - s.max(-1, keepdims=True))
        self.a = e / e.sum(-1, keepdims=True)
        self.mask = self._mask(self.a.shape)
        self.ctx = self._merge((self.a * self.mask) @ self.v)
        return self.ctx @ self.Wo

    def backward(self, dout):
        self.dWo = np.einsum("bti,bto->io", self.ctx, dout)
        dctx = self._split(dout @ self.Wo.T)
        mask = self.mask
        dv = (self.a * mask).swapaxes(-1, -2) @ dctx
        da = (dctx @ self.v.swapaxes(-1, -2)) * mask
        ds = self.a * (da - (da * self.a).sum(-1, keepdims=True)) / np.sqrt(self.q.shape[-1])
        dqkv = np.concatenate([self._merge(ds @ self.k), self._merge(ds.swapaxes(-1, -2) @ self.q), self._merge(dv)], -1)
        self.dWqkv = np.einsum("bti,bto->io", self.x, dqkv)
        return dqkv @ self.Wqkv.T


def faulty():
    np.random.seed(71)
    return {"subject": SelfAttention(), "inputs": (np.random.randn(2, 4, 6),), "training": True}


def correct():
    np.random.seed(71)
    return {"subject": SelfAttentionRepaired(), "inputs": (np.random.randn(2, 4, 6),), "training": True}
