"""An affine map in columns that hands out its weight gradient transposed.

Symptom: the update fails, or is wrong for square layers.
Repair: the error comes first in the product.
"""
import numpy as np

CODES = ("gradient-shape-wrong", "transpose-missing")
PLACES = ("W", "w", "1", "dw")


def affine_fwd(x, w, b):
    """x (n_in, m), w (n_out, n_in), b (n_out, 1)."""
    return np.dot(w, x) + b, (x, w)


def affine_bwd(delta, cache):
    x, w = cache
    dw = np.dot(x, delta.T)  # FAULT
    return {"x": np.dot(w.T, delta), "w": dw, "b": delta.sum(axis=1, keepdims=True)}


def affine_fwd_repaired(x, w, b):
    """x (n_in, m), w (n_out, n_in), b (n_out, 1)."""
    return np.dot(w, x) + b, (x, w)


def affine_bwd_repaired(delta, cache):
    x, w = cache
    dw = np.dot(delta, x.T)
    return {"x": np.dot(w.T, delta), "w": dw, "b": delta.sum(axis=1, keepdims=True)}


def faulty():
    rng = np.random.default_rng(104)
    return {"subject": (affine_fwd, affine_bwd),
            "inputs": (rng.normal(size=(4, 6)), rng.normal(size=(3, 4)), rng.normal(size=(3, 1)))}


def correct():
    rng = np.random.default_rng(104)
    return {"subject": (affine_fwd_repaired, affine_bwd_repaired),
            "inputs": (rng.normal(size=(4, 6)), rng.normal(size=(3, 4)), rng.normal(size=(3, 1)))}
