"""Multi-head attention for one sentence, one head after the other (homework 4).

Symptom: translation model trains, but worse than with a single head; attention maps look random.
Repair: put the heads side by side with np.concatenate(..., axis=1).
"""
import numpy as np

CODES = ("head-merge-scrambled",)
PLACES = ("x", "merged", "Wo", "")


def _softmax(s):
    s = np.exp(s - s.max(1, keepdims=True))
    return s / s.sum(1, keepdims=True)


def mha_forward(x, Wq, Wk, Wv, Wo, mask=None, heads=3):
    """x (T, D); mask (T, T) of bools, True where attending is allowed"""
    T, D = x.shape
    dh = D // heads
    q, k, v = x @ Wq, x @ Wk, x @ Wv
    outs, probs = [], []
    for h in range(heads):
        c = slice(h * dh, (h + 1) * dh)
        s = q[:, c] @ k[:, c].T / np.sqrt(dh)
        if mask is not None:
            s = np.where(mask, s, -1e9)
        p = _softmax(s)
        probs.append(p)
        outs.append(p @ v[:, c])
    merged = np.stack(outs).reshape(T, D)        # FAULT
    return merged @ Wo, (x, q, k, v, probs, merged, Wq, Wk, Wv, Wo)


def mha_backward(dout, cache):
    x, q, k, v, probs, merged, Wq, Wk, Wv, Wo = cache
    T, D = x.shape
    heads = len(probs)
    dh = D // heads
    dWo = merged.T @ dout
    dmerged = dout @ Wo.T
    parts = dmerged.reshape(heads, T, dh)
    dq, dk, dv = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
    for h in range(heads):
        c = slice(h * dh, (h + 1) * dh)
        p, do = probs[h], parts[h]
        dv[:, c] = p.T @ do
        dp = do @ v[:, c].T
        ds = p * (dp - (dp * p).sum(1, keepdims=True)) / np.sqrt(dh)
        dq[:, c] = ds @ k[:, c]
        dk[:, c] = ds.T @ q[:, c]
    dx = dq @ Wq.T + dk @ Wk.T + dv @ Wv.T
    return dx, x.T @ dq, x.T @ dk, x.T @ dv, dWo


def mha_forward_repaired(x, Wq, Wk, Wv, Wo, mask=None, heads=3):
    """x (T, D); mask (T, T) of bools, True where attending is allowed"""
    T, D = x.shape
    dh = D // heads
    q, k, v = x @ Wq, x @ Wk, x @ Wv
    outs, probs = [], []
    for h in range(heads):
        c = slice(h * dh, (h + 1) * dh)
        s = q[:, c] @ k[:, c].T / np.sqrt(dh)
        if mask is not None:
            s = np.where(mask, s, -1e9)
        p = _softmax(s)
        probs.append(p)
        outs.append(p @ v[:, c])
    merged = np.concatenate(outs, axis=1)
    return merged @ Wo, (x, q, k, v, probs, merged, Wq, Wk, Wv, Wo)


def mha_backward_repaired(dout, cache):
    x, q, k, v, probs, merged, Wq, Wk, Wv, Wo = cache
    T, D = x.shape
    heads = len(probs)
    dh = D // heads
    dWo = merged.T @ dout
    dmerged = dout @ Wo.T
    parts = [dmerged[:, h * dh:(h + 1) * dh] for h in range(heads)]
    dq, dk, dv = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
    for h in range(heads):
        c = slice(h * dh, (h + 1) * dh)
        p, do = probs[h], parts[h]
        dv[:, c] = p.T @ do
        dp = do @ v[:, c].T
        ds = p * (dp - (dp * p).sum(1, keepdims=True)) / np.sqrt(dh)
        dq[:, c] = ds @ k[:, c]
        dk[:, c] = ds.T @ q[:, c]
    dx = dq @ Wq.T + dk @ Wk.T + dv @ Wv.T
    return dx, x.T @ dq, x.T @ dk, x.T @ dv, dWo


def _inputs():
    r = np.random.RandomState(1)
    return (r.randn(5, 6),) + tuple(r.randn(6, 6) * 0.5 for _ in range(4))


def faulty():
    return {"subject": (mha_forward, mha_backward), "inputs": _inputs()}


def correct():
    return {"subject": (mha_forward_repaired, mha_backward_repaired), "inputs": _inputs()}
