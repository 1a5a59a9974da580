"""Multi-query attention with a causal mask: many query heads share one key and one value head.

Symptom: attention sharpens far too fast, a learning rate that suits the rest makes it diverge.
Repair: the score was divided by sqrt(d); so is its gradient.
"""
import numpy as np

CODES = ("attention-scale-missing",)
PLACES = ("q", "k", "0", "1")


def mqa(q, k, v):
    # q [B,H,T,d]  k [B,T,d]  v [B,T,e]
    T, d = k.shape[1:]
    future = np.triu(np.ones((T, T), bool), 1)
    s = np.einsum('bhtd,bsd->bhts', q, k) / np.sqrt(d)
    s = np.where(future, -np.inf, s)
    s = np.exp(s - s.max(-1, keepdims=True))
    a = s / s.sum(-1, keepdims=True)
    return np.einsum('bhts,bse->bhte', a, v), dict(q=q, k=k, v=v, a=a)


def mqa_bwd(do, cache):
    q, k, v, a = (cache[n] for n in 'qkva')
    dv = np.einsum('bhts,bhte->bse', a, do)
    da = np.einsum('bhte,bse->bhts', do, v)
    ds = a * (da - (a * da).sum(-1, keepdims=True))  # FAULT
    return {'q': np.einsum('bhts,bsd->bhtd', ds, k), 'k': np.einsum('bhts,bhtd->bsd', ds, q), 'v': dv}


def mqa_repaired(q, k, v):
    # q [B,H,T,d]  k [B,T,d]  v [B,T,e]
    T, d = k.shape[1:]
    future = np.triu(np.ones((T, T), bool), 1)
    s = np.einsum('bhtd,bsd->bhts', q, k) / np.sqrt(d)
    s = np.where(future, -np.inf, s)
    s = np.exp(s - s.max(-1, keepdims=True))
    a = s / s.sum(-1, keepdims=True)
    return np.einsum('bhts,bse->bhte', a, v), dict(q=q, k=k, v=v, a=a)


def mqa_bwd_repaired(do, cache):
    q, k, v, a = (cache[n] for n in 'qkva')
    dv = np.einsum('bhts,bhte->bse', a, do)
    da = np.einsum('bhte,bse->bhts', do, v)
    ds = a * (da - (a * da).sum(-1, keepdims=True)) / np.sqrt(k.shape[-1])
    return {'q': np.einsum('bhts,bsd->bhtd', ds, k), 'k': np.einsum('bhts,bhtd->bsd', ds, q), 'v': dv}


def faulty():
    rng = np.random.default_rng(0)
    return {"subject": (mqa, mqa_bwd),
            "inputs": (rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(2, 4, 5)), rng.normal(size=(2, 4, 6)))}


def correct():
    rng = np.random.default_rng(0)
    return {"subject": (mqa_repaired, mqa_bwd_repaired),
            "inputs": (rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(2, 4, 5)), rng.normal(size=(2, 4, 6)))}
