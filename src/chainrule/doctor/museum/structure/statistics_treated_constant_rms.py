"""Root-mean-square normalization as two functions; the divisor is left undifferentiated.

Symptom: the norm of the activations creeps up although nothing should depend on it.
Repair: add the term that comes from the derivative of 1/rms.
"""
from collections import namedtuple

import numpy as np

CODES = ("statistics-treated-constant",)
PLACES = ("x", "dx", "")

Cache = namedtuple("Cache", "x scale inv_rms")


def rmsnorm(x, scale, eps=1e-6):
    """x (T, B, F) -> x / rms(x) * scale"""
    inv_rms = 1.0 / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + eps)
    return x * inv_rms * scale, Cache(x, scale, inv_rms)


def rmsnorm_grad(dout, cache):
    x, scale, r = cache
    dscale = np.einsum("tbf,tbf->f", dout, x * r)
    dn = dout * scale
    dx = dn * r  # FAULT
    return dx, dscale


def rmsnorm_repaired(x, scale, eps=1e-6):
    """x (T, B, F) -> x / rms(x) * scale"""
    inv_rms = 1.0 / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + eps)
    return x * inv_rms * scale, Cache(x, scale, inv_rms)


def rmsnorm_grad_repaired(dout, cache):
    x, scale, r = cache
    dscale = np.einsum("tbf,tbf->f", dout, x * r)
    dn = dout * scale
    dx = dn * r - x * r**3 * np.mean(dn * x, axis=-1, keepdims=True)
    return dx, dscale


def faulty():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(4, 1, 4))
    scale = rng.uniform(0.5, 1.5, size=4)
    return {"subject": (rmsnorm, rmsnorm_grad), "inputs": (x, scale)}


def correct():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(4, 1, 4))
    scale = rng.uniform(0.5, 1.5, size=4)
    return {"subject": (rmsnorm_repaired, rmsnorm_grad_repaired), "inputs": (x, scale)}
