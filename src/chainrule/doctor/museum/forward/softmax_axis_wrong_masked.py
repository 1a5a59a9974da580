"""Attention weights that are masked after they have been normalized.

Symptom: early positions receive faint outputs, and the first word knows how long the text is.
Repair: mask the scores, then take the softmax.
"""
import numpy as np

CODES = ("softmax-axis-wrong", "causal-leak")
PLACES = ("", "x", "q", "k", "weights")


def softmax(x):
    y = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return y / np.sum(y, axis=-1, keepdims=True)


def causal_attention(q, k, v):
    """Causal scaled dot-product attention, q, k: (N, T, d), v: (N, T, e)."""
    t, d = q.shape[1:]
    causal = np.tril(np.ones((t, t)))
    scores = np.einsum("nqd,nkd->nqk", q, k) / np.sqrt(d)
    soft = softmax(scores)
    weights = soft * causal  # FAULT
    out = np.einsum("nqk,nke->nqe", weights, v)
    cache = {"q": q, "k": k, "v": v, "soft": soft, "weights": weights, "causal": causal}
    return out, cache


def causal_attention_grad(dout, cache):
    q, k, v = cache["q"], cache["k"], cache["v"]
    soft, causal = cache["soft"], cache["causal"]
    dv = np.einsum("nqk,nqe->nke", cache["weights"], dout)
    dsoft = np.einsum("nqe,nke->nqk", dout, v) * causal
    dscores = soft * (dsoft - np.sum(dsoft * soft, axis=-1, keepdims=True))
    dscores /= np.sqrt(q.shape[-1])
    dq = np.einsum("nqk,nkd->nqd", dscores, k)
    dk = np.einsum("nqk,nqd->nkd", dscores, q)
    return dq, dk, dv


def causal_attention_repaired(q, k, v):
    """Causal scaled dot-product attention, q, k: (N, T, d), v: (N, T, e)."""
    t, d = q.shape[1:]
    causal = np.tril(np.ones((t, t)))
    scores = np.einsum("nqd,nkd->nqk", q, k) / np.sqrt(d)
    soft = softmax(scores - 1e9 * (1.0 - causal))
    weights = soft * causal
    out = np.einsum("nqk,nke->nqe", weights, v)
    cache = {"q": q, "k": k, "v": v, "soft": soft, "weights": weights, "causal": causal}
    return out, cache


def causal_attention_grad_repaired(dout, cache):
    q, k, v = cache["q"], cache["k"], cache["v"]
    soft, causal = cache["soft"], cache["causal"]
    dv = np.einsum("nqk,nqe->nke", cache["weights"], dout)
    dsoft = np.einsum("nqe,nke->nqk", dout, v) * causal
    dscores = soft * (dsoft - np.sum(dsoft * soft, axis=-1, keepdims=True))
    dscores /= np.sqrt(q.shape[-1])
    dq = np.einsum("nqk,nkd->nqd", dscores, k)
    dk = np.einsum("nqk,nqd->nkd", dscores, q)
    return dq, dk, dv


def faulty():
    rng = np.random.default_rng(14)
    q, k = rng.normal(size=(2, 2, 5, 3))
    v = rng.normal(size=(2, 5, 4))
    return {"subject": (causal_attention, causal_attention_grad), "inputs": (q, k, v)}


def correct():
    rng = np.random.default_rng(14)
    q, k = rng.normal(size=(2, 2, 5, 3))
    v = rng.normal(size=(2, 5, 4))
    return {"subject": (causal_attention_repaired, causal_attention_grad_repaired), "inputs": (q, k, v)}
