"""Attention with heads in front, (H, N, T, d), joined by a reshape in the wrong order.

Symptom: no error anywhere; two heads do worse than one.
Repair: bring the axes into the order (N, T, H, d) first.
"""
from collections import namedtuple

import numpy as np

CODES = ("head-merge-scrambled",)
PLACES = ("x", "")

Cache = namedtuple("Cache", "x mask wq wk wv wo q k v p joined")


def mha_forward(x, wq, wk, wv, wo, mask=None):
    """Multi-head self-attention.

    x: (N, T, D); wq, wk, wv: (H, D, d), one matrix per head; wo: (H * d, E).
    mask: (T, T) of zeros and ones, or None.
    """
    n, t, _ = x.shape
    heads, _, d = wq.shape
    q = np.einsum("ntc,hcd->hntd", x, wq)
    k = np.einsum("ntc,hcd->hntd", x, wk)
    v = np.einsum("ntc,hcd->hntd", x, wv)
    scores = np.einsum("hnqd,hnkd->hnqk", q, k) / np.sqrt(d)
    if mask is not None:
        scores = scores - 1e9 * (1 - mask)
    e = np.exp(scores - scores.max(axis=3, keepdims=True))
    p = e / e.sum(axis=3, keepdims=True)
    heads_out = np.einsum("hnqk,hnkd->hnqd", p, v)
    joined = np.moveaxis(heads_out, 0, 1).reshape(n, t, heads * d)  # FAULT
    return joined @ wo, Cache(x, mask, wq, wk, wv, wo, q, k, v, p, joined)


def mha_backward(dout, cache):
    x, mask, wq, wk, wv, wo, q, k, v, p, joined = cache
    n, t, _ = x.shape
    heads, _, d = wq.shape
    dwo = np.einsum("ntj,nte->je", joined, dout)
    djoined = dout @ wo.T
    dheads = np.moveaxis(djoined.reshape(n, heads, t, d), 1, 0)  # FAULT
    dp = np.einsum("hnqd,hnkd->hnqk", dheads, v)
    dv = np.einsum("hnqk,hnqd->hnkd", p, dheads)
    ds = p * (dp - (dp * p).sum(axis=3, keepdims=True)) / np.sqrt(d)
    dq = np.einsum("hnqk,hnkd->hnqd", ds, k)
    dk = np.einsum("hnqk,hnqd->hnkd", ds, q)
    dx = np.zeros_like(x)
    dws = []
    for grad, w in ((dq, wq), (dk, wk), (dv, wv)):
        dx += np.einsum("hntd,hcd->ntc", grad, w)
        dws.append(np.einsum("ntc,hntd->hcd", x, grad))
    return {"x": dx, "wq": dws[0], "wk": dws[1], "wv": dws[2], "wo": dwo}


def mha_forward_repaired(x, wq, wk, wv, wo, mask=None):
    """Multi-head self-attention.

    x: (N, T, D); wq, wk, wv: (H, D, d), one matrix per head; wo: (H * d, E).
    mask: (T, T) of zeros and ones, or None.
    """
    n, t, _ = x.shape
    heads, _, d = wq.shape
    q = np.einsum("ntc,hcd->hntd", x, wq)
    k = np.einsum("ntc,hcd->hntd", x, wk)
    v = np.einsum("ntc,hcd->hntd", x, wv)
    scores = np.einsum("hnqd,hnkd->hnqk", q, k) / np.sqrt(d)
    if mask is not None:
        scores = scores - 1e9 * (1 - mask)
    e = np.exp(scores - scores.max(axis=3, keepdims=True))
    p = e / e.sum(axis=3, keepdims=True)
    heads_out = np.einsum("hnqk,hnkd->hnqd", p, v)
    joined = np.moveaxis(heads_out, 0, 2).reshape(n, t, heads * d)
    return joined @ wo, Cache(x, mask, wq, wk, wv, wo, q, k, v, p, joined)


def mha_backward_repaired(dout, cache):
    x, mask, wq, wk, wv, wo, q, k, v, p, joined = cache
    n, t, _ = x.shape
    heads, _, d = wq.shape
    dwo = np.einsum("ntj,nte->je", joined, dout)
    djoined = dout @ wo.T
    dheads = np.moveaxis(djoined.reshape(n, t, heads, d), 2, 0)
    dp = np.einsum("hnqd,hnkd->hnqk", dheads, v)
    dv = np.einsum("hnqk,hnqd->hnkd", p, dheads)
    ds = p * (dp - (dp * p).sum(axis=3, keepdims=True)) / np.sqrt(d)
    dq = np.einsum("hnqk,hnkd->hnqd", ds, k)
    dk = np.einsum("hnqk,hnqd->hnkd", ds, q)
    dx = np.zeros_like(x)
    dws = []
    for grad, w in ((dq, wq), (dk, wk), (dv, wv)):
        dx += np.einsum("hntd,hcd->ntc", grad, w)
        dws.append(np.einsum("ntc,hntd->hcd", x, grad))
    return {"x": dx, "wq": dws[0], "wk": dws[1], "wv": dws[2], "wo": dwo}


def faulty():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(2, 4, 5))
    wq, wk, wv = (rng.normal(size=(2, 5, 3)) / np.sqrt(5) for _ in range(3))
    wo = rng.normal(size=(6, 7)) / np.sqrt(6)
    return {"subject": (mha_forward, mha_backward), "inputs": (x, wq, wk, wv, wo)}


def correct():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(2, 4, 5))
    wq, wk, wv = (rng.normal(size=(2, 5, 3)) / np.sqrt(5) for _ in range(3))
    wo = rng.normal(size=(6, 7)) / np.sqrt(6)
    return {"subject": (mha_forward_repaired, mha_backward_repaired), "inputs": (x, wq, wk, wv, wo)}
