"""Grouped-query attention core: several query heads share one key/value head.

Symptom: key and value projections learn more slowly than with full multi-head attention.
Repair: the gradient of repeating a head is the sum over its copies, not their mean.
"""
import numpy as np

CODES = ("broadcast-not-summed", "mean-sum-mismatch")
PLACES = ("k", "v", "")


def gqa_forward(q, k, v):
    """q (B, Hq, T, d); k, v (B, Hkv, T, d); Hq a multiple of Hkv"""
    n_rep = q.shape[1] // k.shape[1]
    kk, vv = np.repeat(k, n_rep, axis=1), np.repeat(v, n_rep, axis=1)
    T, d = q.shape[2:]
    att = np.einsum("bhtd,bhsd->bhts", q, kk) / np.sqrt(d)
    att = np.where(np.tril(np.ones((T, T), dtype=bool)), att, -np.inf)
    att = np.exp(att - att.max(axis=-1, keepdims=True))
    att /= att.sum(axis=-1, keepdims=True)
    return np.einsum("bhts,bhsd->bhtd", att, vv), (q, kk, vv, att, n_rep)


def gqa_backward(dout, cache):
    q, kk, vv, att, n_rep = cache
    B, Hq, T, d = q.shape
    dvv = np.einsum("bhts,bhtd->bhsd", att, dout)
    datt = np.einsum("bhtd,bhsd->bhts", dout, vv)
    datt = att * (datt - (datt * att).sum(axis=-1, keepdims=True)) / np.sqrt(d)
    dq = np.einsum("bhts,bhsd->bhtd", datt, kk)
    dkk = np.einsum("bhts,bhtd->bhsd", datt, q)
    dk, dv = (t.reshape(B, Hq // n_rep, n_rep, T, d).mean(axis=2) for t in (dkk, dvv))  # FAULT
    return dq, dk, dv


def gqa_forward_repaired(q, k, v):
    """q (B, Hq, T, d); k, v (B, Hkv, T, d); Hq a multiple of Hkv"""
    n_rep = q.shape[1] // k.shape[1]
    kk, vv = np.repeat(k, n_rep, axis=1), np.repeat(v, n_rep, axis=1)
    T, d = q.shape[2:]
    att = np.einsum("bhtd,bhsd->bhts", q, kk) / np.sqrt(d)
    att = np.where(np.tril(np.ones((T, T), dtype=bool)), att, -np.inf)
    att = np.exp(att - att.max(axis=-1, keepdims=True))
    att /= att.sum(axis=-1, keepdims=True)
    return np.einsum("bhts,bhsd->bhtd", att, vv), (q, kk, vv, att, n_rep)


def gqa_backward_repaired(dout, cache):
    q, kk, vv, att, n_rep = cache
    B, Hq, T, d = q.shape
    dvv = np.einsum("bhts,bhtd->bhsd", att, dout)
    datt = np.einsum("bhtd,bhsd->bhts", dout, vv)
    datt = att * (datt - (datt * att).sum(axis=-1, keepdims=True)) / np.sqrt(d)
    dq = np.einsum("bhts,bhsd->bhtd", datt, kk)
    dkk = np.einsum("bhts,bhtd->bhsd", datt, q)
    dk, dv = (t.reshape(B, Hq // n_rep, n_rep, T, d).sum(axis=2) for t in (dkk, dvv))
    return dq, dk, dv


def _inputs():
    g = np.random.default_rng(16)
    return g.standard_normal((2, 6, 4, 3)), g.standard_normal((2, 2, 4, 3)), g.standard_normal((2, 2, 4, 3))


def faulty():
    return {"subject": (gqa_forward, gqa_backward), "inputs": _inputs()}


def correct():
    return {"subject": (gqa_forward_repaired, gqa_backward_repaired), "inputs": _inputs()}
