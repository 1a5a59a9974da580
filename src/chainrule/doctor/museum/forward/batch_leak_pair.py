"""Attention over a mini-batch that was flattened to one long sequence.

Symptom: validation depends on the batch size, and a sentence gets another encoding in other company.
Repair: keep the batch axis when the scores are computed.
"""
import numpy as np

CODES = ("batch-leak",)
PLACES = ("x", "")


def softmax(scores):
    shifted = scores - scores.max(axis=-1, keepdims=True)
    e = np.exp(shifted)
    return e / e.sum(axis=-1, keepdims=True)


def attention_forward(x, wq, wk, wv):
    """Single-head self-attention, x: (N, T, D), weights: (D, d). Returns (N, T, d) and a cache."""
    n, t, dim = x.shape
    flat = x.reshape(n * t, dim)
    q, k, v = flat @ wq, flat @ wk, flat @ wv
    scale = 1.0 / np.sqrt(wq.shape[1])
    p = softmax((q @ k.T) * scale)  # FAULT
    out = (p @ v).reshape(n, t, -1)
    cache = (x, wq, wk, wv, q, k, v, p, scale)
    return out, cache


def attention_backward(dout, cache):
    x, wq, wk, wv, q, k, v, p, scale = cache
    n, t, dim = x.shape
    flat = x.reshape(n * t, dim)
    dout = dout.reshape(n * t, -1)
    dv = p.T @ dout
    dp = dout @ v.T
    ds = p * (dp - (dp * p).sum(axis=-1, keepdims=True)) * scale
    dq = ds @ k
    dk = ds.T @ q
    dx = (dq @ wq.T + dk @ wk.T + dv @ wv.T).reshape(n, t, dim)
    dwq, dwk, dwv = flat.T @ dq, flat.T @ dk, flat.T @ dv
    return dx, dwq, dwk, dwv


def attention_forward_repaired(x, wq, wk, wv):
    """Single-head self-attention, x: (N, T, D), weights: (D, d). Returns (N, T, d) and a cache."""
    n, t, dim = x.shape
    q, k, v = x @ wq, x @ wk, x @ wv
    scale = 1.0 / np.sqrt(wq.shape[1])
    p = softmax((q @ k.transpose(0, 2, 1)) * scale)
    out = p @ v
    cache = (x, wq, wk, wv, q, k, v, p, scale)
    return out, cache


def attention_backward_repaired(dout, cache):
    x, wq, wk, wv, q, k, v, p, scale = cache
    n, t, dim = x.shape
    flat = x.reshape(n * t, dim)
    dv = p.transpose(0, 2, 1) @ dout
    dp = dout @ v.transpose(0, 2, 1)
    ds = p * (dp - (dp * p).sum(axis=-1, keepdims=True)) * scale
    dq = ds @ k
    dk = ds.transpose(0, 2, 1) @ q
    dx = dq @ wq.T + dk @ wk.T + dv @ wv.T
    dwq, dwk, dwv = (flat.T @ g.reshape(n * t, -1) for g in (dq, dk, dv))
    return dx, dwq, dwk, dwv


def faulty():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(2, 4, 5))
    weights = [rng.normal(size=(5, 3)) / np.sqrt(5) for _ in range(3)]
    return {"subject": (attention_forward, attention_backward), "inputs": (x, *weights)}


def correct():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(2, 4, 5))
    weights = [rng.normal(size=(5, 3)) / np.sqrt(5) for _ in range(3)]
    return {"subject": (attention_forward_repaired, attention_backward_repaired), "inputs": (x, *weights)}
