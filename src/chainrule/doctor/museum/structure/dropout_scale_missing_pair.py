"""Dropout as two functions; forward divides by the keep probability, backward does not.

Symptom: gradients below are too small by the keep probability.
Repair: divide the gradient as well.
"""
import numpy as np

CODES = ("dropout-scale-missing",)
PLACES = ("x", "dx", "")


def dropout_forward(x, keep=0.7, training=True, seed=42):
    """x of any shape.  The generator is seeded so that a gradient check sees one mask."""
    if not training:
        return x.copy(), (None, keep)
    generator = np.random.RandomState(seed)
    kept = generator.uniform(size=x.shape) < keep
    out = np.where(kept, x / keep, 0.0)
    return out, (kept, keep)


def dropout_backward(dout, cache):
    kept, keep = cache
    if kept is None:
        return dout.copy()
    dx = np.where(kept, dout, 0.0)  # FAULT
    return dx


def dropout_forward_repaired(x, keep=0.7, training=True, seed=42):
    """x of any shape.  The generator is seeded so that a gradient check sees one mask."""
    if not training:
        return x.copy(), (None, keep)
    generator = np.random.RandomState(seed)
    kept = generator.uniform(size=x.shape) < keep
    out = np.where(kept, x / keep, 0.0)
    return out, (kept, keep)


def dropout_backward_repaired(dout, cache):
    kept, keep = cache
    if kept is None:
        return dout.copy()
    dx = np.where(kept, dout / keep, 0.0)
    return dx


def faulty():
    x = np.random.default_rng(3).normal(size=(6, 7))
    pair = (dropout_forward, dropout_backward)
    return {"subject": pair, "inputs": (x,), "training": True}


def correct():
    x = np.random.default_rng(3).normal(size=(6, 7))
    pair = (dropout_forward_repaired, dropout_backward_repaired)
    return {"subject": pair, "inputs": (x,), "training": True}
