"""Multi-head attention by einsum, cache in a dict, gradients returned in a dict.

Symptom: values learn, queries and keys do not; the error of dq grows with the square of the loss
scale.
Repair: the inner sum of the softmax's backward weighs dA with A, not with itself.
"""
import numpy as np

CODES = ("nonlinear-backward",)
PLACES = ("q", "k", "dq", "dk")


def attention_forward(q, k, v):
    """q: (B, H, T, D), k: (B, H, S, D), v: (B, H, S, E)."""
    s = np.einsum("bhtd,bhsd->bhts", q, k) / np.sqrt(q.shape[-1])
    e = np.exp(s - s.max(-1, keepdims=True))
    A = e / e.sum(-1, keepdims=True)
    return np.einsum("bhts,bhse->bhte", A, v), dict(q=q, k=k, v=v, A=A)


def attention_backward(dy, cache):
    q, k, v, A = (cache[name] for name in "qkvA")
    dv = np.einsum("bhts,bhte->bhse", A, dy)
    dA = np.einsum("bhte,bhse->bhts", dy, v)
    dS = A * (dA - (dA * dA).sum(-1, keepdims=True))  # FAULT
    dS = dS / np.sqrt(q.shape[-1])
    dq = np.einsum("bhts,bhsd->bhtd", dS, k)
    dk = np.einsum("bhts,bhtd->bhsd", dS, q)
    return {"q": dq, "k": dk, "v": dv}


def attention_forward_repaired(q, k, v):
    """q: (B, H, T, D), k: (B, H, S, D), v: (B, H, S, E)."""
    s = np.einsum("bhtd,bhsd->bhts", q, k) / np.sqrt(q.shape[-1])
    e = np.exp(s - s.max(-1, keepdims=True))
    A = e / e.sum(-1, keepdims=True)
    return np.einsum("bhts,bhse->bhte", A, v), dict(q=q, k=k, v=v, A=A)


def attention_backward_repaired(dy, cache):
    q, k, v, A = (cache[name] for name in "qkvA")
    dv = np.einsum("bhts,bhte->bhse", A, dy)
    dA = np.einsum("bhte,bhse->bhts", dy, v)
    dS = A * (dA - (dA * A).sum(-1, keepdims=True))
    dS = dS / np.sqrt(q.shape[-1])
    dq = np.einsum("bhts,bhsd->bhtd", dS, k)
    dk = np.einsum("bhts,bhtd->bhsd", dS, q)
    return {"q": dq, "k": dk, "v": dv}


def faulty():
    rng = np.random.default_rng(17)
    q, k, v = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(2, 3, 6, 5)), rng.normal(size=(2, 3, 6, 7))
    return {"subject": (attention_forward, attention_backward), "inputs": (q, k, v)}


def correct():
    rng = np.random.default_rng(17)
    q, k, v = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(2, 3, 6, 5)), rng.normal(size=(2, 3, 6, 7))
    return {"subject": (attention_forward_repaired, attention_backward_repaired), "inputs": (q, k, v)}
