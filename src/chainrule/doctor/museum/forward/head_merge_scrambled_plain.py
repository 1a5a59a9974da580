"""A multi-head self-attention that merges its heads by a bare reshape.

Symptom: positions are mixed up, yet the gradient check passes.
Repair: bring the time axis in front of the heads first.
"""
import numpy as np

CODES = ("head-merge-scrambled", "causal-leak")
PLACES = ("", "x", "attn", "Wo")


def sm(s):
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


class CausalSelfAttention:
    def __init__(self, d, n_head, rng):
        self.n_head = n_head
        self.W = rng.normal(size=(d, 3 * d)) / np.sqrt(d)
        self.Wo = rng.normal(size=(d, d)) / np.sqrt(d)

    def forward(self, x):
        b, t, d = x.shape
        n, k = self.n_head, d // self.n_head
        q, key, v = (x @ self.W).reshape(b, t, 3, n, k).transpose(2, 0, 3, 1, 4)
        mask = np.triu(np.ones((t, t)), 1) * -1e9
        a = sm(q @ key.swapaxes(2, 3) / np.sqrt(k) + mask)
        o = a @ v
        merged = o.reshape(b, t, d)  # FAULT
        self.saved = x, q, key, v, a, merged
        return merged @ self.Wo

    def backward(self, dy):
        x, q, key, v, a, merged = self.saved
        b, t, d = x.shape
        n, k = self.n_head, d // self.n_head
        self.dWo = np.einsum("bti,btj->ij", merged, dy)
        dm = dy @ self.Wo.T
        do = dm.reshape(b, n, t, k)  # FAULT
        dv = a.swapaxes(2, 3) @ do
        da = do @ v.swapaxes(2, 3)
        ds = a * (da - (da * a).sum(-1, keepdims=True)) / np.sqrt(k)
        dqkv = np.stack([ds @ key, ds.swapaxes(2, 3) @ q, dv]).transpose(1, 3, 0, 2, 4).reshape(b, t, 3 * d)
        self.dW = np.einsum("bti,btj->ij", x, dqkv)
        return dqkv @ self.W.T


class CausalSelfAttentionRepaired:
    def __init__(self, d, n_head, rng):
        self.n_head = n_head
        self.W = rng.normal(size=(d, 3 * d)) / np.sqrt(d)
        self.Wo = rng.normal(size=(d, d)) / np.sqrt(d)

    def forward(self, x):
        b, t, d = x.shape
        n, k = self.n_head, d // self.n_head
        q, key, v = (x @ self.W).reshape(b, t, 3, n, k).transpose(2, 0, 3, 1, 4)
        mask = np.triu(np.ones((t, t)), 1) * -1e9
        a = sm(q @ key.swapaxes(2, 3) / np.sqrt(k) + mask)
        o = a @ v
        merged = o.transpose(0, 2, 1, 3).reshape(b, t, d)
        self.saved = x, q, key, v, a, merged
        return merged @ self.Wo

    def backward(self, dy):
        x, q, key, v, a, merged = self.saved
        b, t, d = x.shape
        n, k = self.n_head, d // self.n_head
        self.dWo = np.einsum("bti,btj->ij", merged, dy)
        dm = dy @ self.Wo.T
        do = dm.reshape(b, t, n, k).transpose(0, 2, 1, 3)
        dv = a.swapaxes(2, 3) @ do
        da = do @ v.swapaxes(2, 3)
        ds = a * (da - (da * a).sum(-1, keepdims=True)) / np.sqrt(k)
        dqkv = np.stack([ds @ key, ds.swapaxes(2, 3) @ q, dv]).transpose(1, 3, 0, 2, 4).reshape(b, t, 3 * d)
        self.dW = np.einsum("bti,btj->ij", x, dqkv)
        return dqkv @ self.W.T


def faulty():
    rng = np.random.default_rng(71)
    return {"subject": CausalSelfAttention(6, 2, rng), "inputs": (rng.normal(size=(2, 5, 6)),)}


def correct():
    rng = np.random.default_rng(71)
    return {"subject": CausalSelfAttentionRepaired(6, 2, rng), "inputs": (rng.normal(size=(2, 5, 6)),)}
