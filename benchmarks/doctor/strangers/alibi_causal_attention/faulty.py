import numpy as np


def alibi_attention(q, k, v, slope=0.25):
    """Causal dot-product attention with a linear distance penalty (ALiBi); q, k, v: (B, heads, T, d)."""
    T, d = q.shape[-2:]
    pos = np.arange(T)
    bias = -slope * (pos[:, None] - pos[None, :])
    bias = np.where(pos[:, None] >= pos[None, :], bias, -np.inf)
    s = q @ k.swapaxes(-1, -2) / np.sqrt(d) + bias
    s = s - s.max(axis=-1, keepdims=True)
    p = np.exp(s)
    p /= p.sum(axis=-1, keepdims=True)
    return p @ v, (q, k, v, p)


def alibi_attention_backward(do, cache):
    q, k, v, p = cache
    dv = p.swapaxes(-1, -2) @ do
    dp = do @ v.swapaxes(-1, -2)
    ds = p * (dp - np.sum(dp * p, axis=-1, keepdims=True))
    return ds @ k, ds.swapaxes(-1, -2) @ q, dv
