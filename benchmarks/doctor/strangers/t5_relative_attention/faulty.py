import numpy as np


class RelativeSelfAttention:
    """T5 style self-attention: a learned bias per head for every clipped relative distance, no 1/sqrt(d)."""

    def __init__(self, d_model, heads, max_dist=3, seed=0):
        rng = np.random.default_rng(seed)
        self.h, self.dh, self.R = heads, d_model // heads, max_dist
        s = d_model ** -0.5
        self.Wqkv = rng.normal(0, s, (d_model, 3 * d_model))
        self.Wo = rng.normal(0, s, (d_model, d_model))
        self.rel = rng.normal(0, 0.1, (heads, 2 * max_dist + 1))

    def _split(self, a):
        b, t, _ = a.shape
        return a.reshape(b, t, self.h, self.dh).transpose(0, 2, 1, 3)

    def _merge(self, a):
        b, h, t, d = a.shape
        return a.reshape(b, t, h * d)

    def _unmerge(self, a):
        b, t, _ = a.shape
        return a.reshape(b, self.h, t, self.dh)

    def forward(self, x):
        t = x.shape[1]
        self.idx = np.clip(np.arange(t)[None] - np.arange(t)[:, None], -self.R, self.R) + self.R
        q, k, v = (self._split(a) for a in np.split(x @ self.Wqkv, 3, axis=-1))
        s = q @ k.swapaxes(2, 3) + self.rel[:, self.idx]
        p = np.exp(s - s.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        m = self._merge(p @ v)
        self.cache = x, q, k, v, p, m
        return m @ self.Wo

    def backward(self, dy):
        x, q, k, v, p, m = self.cache
        self.dWo = np.einsum("bti,bto->io", m, dy)
        do = self._unmerge(dy @ self.Wo.T)
        dv = p.swapaxes(2, 3) @ do
        dp = do @ v.swapaxes(2, 3)
        ds = p * (dp - (dp * p).sum(-1, keepdims=True))
        self.drel = np.zeros_like(self.rel)
        for h in range(self.h):
            np.add.at(self.drel[h], self.idx, ds[:, h].sum(0))
        parts = [a.transpose(0, 2, 1, 3).reshape(x.shape) for a in (ds @ k, ds.swapaxes(2, 3) @ q, dv)]
        dqkv = np.concatenate(parts, axis=-1)
        self.dWqkv = np.einsum("bti,bto->io", x, dqkv)
        return dqkv @ self.Wqkv.T
