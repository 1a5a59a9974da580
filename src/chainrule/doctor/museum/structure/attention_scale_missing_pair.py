"""Scaled dot-product attention as a pair of functions; unscaled on the way back.

Symptom: dq and dk are too large by sqrt(d), dv is exact.
Repair: divide both by sqrt(d).
"""
import numpy as np

CODES = ("attention-scale-missing",)
PLACES = ("q", "k", "dq", "dk", "")


def attention(q, k, v):
    """q (n, d), k (m, d), v (m, e) -> (n, e)"""
    d = q.shape[1]
    logits = np.dot(q, k.T) / np.sqrt(d)
    logits = logits - np.max(logits, axis=1, keepdims=True)
    weights = np.exp(logits)
    weights = weights / np.sum(weights, axis=1, keepdims=True)
    return np.dot(weights, v), (q, k, v, weights)


def attention_backward(delta, cache):
    q, k, v, weights = cache
    dv = np.dot(weights.T, delta)
    dweights = np.dot(delta, v.T)
    dlogits = np.empty_like(weights)
    for i in range(len(weights)):
        p = weights[i]
        jacobian = np.diag(p) - np.outer(p, p)
        dlogits[i] = np.dot(jacobian, dweights[i])  # FAULT
    dq = np.dot(dlogits, k)
    dk = np.dot(dlogits.T, q)
    return dq, dk, dv


def attention_repaired(q, k, v):
    """q (n, d), k (m, d), v (m, e) -> (n, e)"""
    d = q.shape[1]
    logits = np.dot(q, k.T) / np.sqrt(d)
    logits = logits - np.max(logits, axis=1, keepdims=True)
    weights = np.exp(logits)
    weights = weights / np.sum(weights, axis=1, keepdims=True)
    return np.dot(weights, v), (q, k, v, weights)


def attention_backward_repaired(delta, cache):
    q, k, v, weights = cache
    dv = np.dot(weights.T, delta)
    dweights = np.dot(delta, v.T)
    dlogits = np.empty_like(weights)
    for i in range(len(weights)):
        p = weights[i]
        jacobian = np.diag(p) - np.outer(p, p)
        dlogits[i] = np.dot(jacobian, dweights[i])
    dlogits = dlogits / np.sqrt(q.shape[1])
    dq = np.dot(dlogits, k)
    dk = np.dot(dlogits.T, q)
    return dq, dk, dv


def faulty():
    rng = np.random.default_rng(2)
    q, k, v = rng.normal(size=(3, 7)), rng.normal(size=(5, 7)), rng.normal(size=(5, 4))
    return {"subject": (attention, attention_backward), "inputs": (q, k, v)}


def correct():
    rng = np.random.default_rng(2)
    q, k, v = rng.normal(size=(3, 7)), rng.normal(size=(5, 7)), rng.normal(size=(5, 4))
    return {"subject": (attention_repaired, attention_backward_repaired), "inputs": (q, k, v)}
