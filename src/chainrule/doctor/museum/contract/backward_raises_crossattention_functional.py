"""Single-head cross attention as two functions, written for a blog post.

Symptom: worked while source and target had one length; a longer source raises in backward.
Repair: the key gradient needs the transposed score gradient.
"""
import numpy as np
CODES = ("backward-raises", "transpose-missing")
PLACES = ("k", "dk", "")


def xattn_fwd(q, k, v):
    scale = 1.0 / np.sqrt(q.shape[-1])
    s = np.einsum("btd,bsd->bts", q, k) * scale
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return p @ v, (q, k, v, p, scale)


def xattn_bwd(dout, cache):
    q, k, v, p, scale = cache
    dv = p.transpose(0, 2, 1) @ dout
    dp = dout @ v.transpose(0, 2, 1)
    ds = p * (dp - np.sum(dp * p, axis=-1, keepdims=True)) * scale
    dq = ds @ k
    dk = ds @ q  # FAULT
    return dq, dk, dv


def xattn_fwd_repaired(q, k, v):
    scale = 1.0 / np.sqrt(q.shape[-1])
    s = np.einsum("btd,bsd->bts", q, k) * scale
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return p @ v, (q, k, v, p, scale)


def xattn_bwd_repaired(dout, cache):
    q, k, v, p, scale = cache
    dv = p.transpose(0, 2, 1) @ dout
    dp = dout @ v.transpose(0, 2, 1)
    ds = p * (dp - np.sum(dp * p, axis=-1, keepdims=True)) * scale
    dq = ds @ k
    dk = ds.transpose(0, 2, 1) @ q
    return dq, dk, dv


def faulty():
    g = np.random.default_rng(11)
    return {"subject": (xattn_fwd, xattn_bwd),
            "inputs": (g.normal(size=(2, 3, 4)), g.normal(size=(2, 5, 4)), g.normal(size=(2, 5, 6)))}


def correct():
    g = np.random.default_rng(11)
    return {"subject": (xattn_fwd_repaired, xattn_bwd_repaired),
            "inputs": (g.normal(size=(2, 3, 4)), g.normal(size=(2, 5, 4)), g.normal(size=(2, 5, 6)))}
