"""Scaled dot-product self-attention as a pair of functions.

Symptom: queries and values learn, keys do not.
Repair: the scores are q k^T, so dk = dscores^T q; the square score matrix hides the slip.
"""
import numpy as np

CODES = ("transpose-missing",)
PLACES = ("wk", "x", "")


def softmax(s):
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def swap(m):
    return np.swapaxes(m, -1, -2)


def attention(x, wq, wk, wv):
    """x (B, T, D), weights (D, d) -> (B, T, d)."""
    q, k, v = x @ wq, x @ wk, x @ wv
    scale = 1.0 / np.sqrt(wq.shape[1])
    weights = softmax(q @ swap(k) * scale)
    return weights @ v, (x, wq, wk, wv, q, k, v, weights, scale)


def attention_backward(dout, cache):
    x, wq, wk, wv, q, k, v, weights, scale = cache
    dv = swap(weights) @ dout
    dweights = dout @ swap(v)
    dscores = weights * (dweights - np.sum(dweights * weights, axis=-1, keepdims=True)) * scale
    dq = dscores @ k
    dk = dscores @ q  # FAULT
    dwq = np.einsum("btd,bte->de", x, dq)
    dwk = np.einsum("btd,bte->de", x, dk)
    dwv = np.einsum("btd,bte->de", x, dv)
    dx = dq @ wq.T + dk @ wk.T + dv @ wv.T
    return dx, dwq, dwk, dwv


def attention_repaired(x, wq, wk, wv):
    """x (B, T, D), weights (D, d) -> (B, T, d)."""
    q, k, v = x @ wq, x @ wk, x @ wv
    scale = 1.0 / np.sqrt(wq.shape[1])
    weights = softmax(q @ swap(k) * scale)
    return weights @ v, (x, wq, wk, wv, q, k, v, weights, scale)


def attention_backward_repaired(dout, cache):
    x, wq, wk, wv, q, k, v, weights, scale = cache
    dv = swap(weights) @ dout
    dweights = dout @ swap(v)
    dscores = weights * (dweights - np.sum(dweights * weights, axis=-1, keepdims=True)) * scale
    dq = dscores @ k
    dk = swap(dscores) @ q
    dwq = np.einsum("btd,bte->de", x, dq)
    dwk = np.einsum("btd,bte->de", x, dk)
    dwv = np.einsum("btd,bte->de", x, dv)
    dx = dq @ wq.T + dk @ wk.T + dv @ wv.T
    return dx, dwq, dwk, dwv


def faulty():
    rng = np.random.default_rng(18)
    inputs = (rng.normal(size=(2, 4, 5)),) + tuple(rng.normal(size=(5, 3)) for _ in range(3))
    return {"subject": (attention, attention_backward), "inputs": inputs}


def correct():
    rng = np.random.default_rng(18)
    inputs = (rng.normal(size=(2, 4, 5)),) + tuple(rng.normal(size=(5, 3)) for _ in range(3))
    return {"subject": (attention_repaired, attention_backward_repaired), "inputs": inputs}
