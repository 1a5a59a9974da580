"""A linear regression with several outputs, (n, k) targets, that keeps only one slope for each output.

Symptom: the fit explains almost nothing although the data are linear.
Repair: x @ w.T with w of shape (k, d).
"""
import numpy as np

CODES = ("weight-shared-across-inputs",)
PLACES = ("w", "x", "")


def linear(x, w, b):
    """Affine layer. x: (n, d), w: (k,), b: (k,)."""
    out = np.sum(x[:, None, :] * w[None, :, None], axis=2) + b  # FAULT
    return out, {"x": x, "w": w}


def linear_backward(dout, cache):
    x, w = cache["x"], cache["w"]
    dw = np.sum(dout[:, :, None] * x[:, None, :], axis=(0, 2))
    dx = np.sum(dout[:, :, None] * w[None, :, None], axis=1) * np.ones(x.shape[1])
    db = np.sum(dout, axis=0)
    return dx, dw, db


def linear_repaired(x, w, b):
    """Affine layer. x: (n, d), w: (k, d), b: (k,)."""
    out = np.sum(x[:, None, :] * w[None, :, :], axis=2) + b
    return out, {"x": x, "w": w}


def linear_backward_repaired(dout, cache):
    x, w = cache["x"], cache["w"]
    dw = np.sum(dout[:, :, None] * x[:, None, :], axis=0)
    dx = np.sum(dout[:, :, None] * w[None, :, :], axis=1)
    db = np.sum(dout, axis=0)
    return dx, dw, db


def faulty():
    rng = np.random.default_rng(21)
    x = rng.normal(size=(5, 4))
    w = rng.normal(size=3)
    b = np.array([0.3, -0.2, 0.5])
    return {"subject": (linear, linear_backward), "inputs": (x, w, b)}


def correct():
    rng = np.random.default_rng(21)
    x = rng.normal(size=(5, 4))
    w = rng.normal(size=(3, 4))
    b = np.array([0.3, -0.2, 0.5])
    return {"subject": (linear_repaired, linear_backward_repaired), "inputs": (x, w, b)}
