"""A layer norm that multiplies by its scale after the means were taken.

Symptom: exact while the scale is constant, then off by a few percent and more.
Repair: multiply the gradient by the scale first, then take the means.
"""
import numpy as np

CODES = ("norm-scale-dropped",)
PLACES = ("x", "X", "dX", "")


def norm_forward(X, scale, shift):
    """Normalize every column of X (features, batch); scale and shift are column vectors."""
    mean = np.mean(X, axis=0, keepdims=True)
    var = np.var(X, axis=0, keepdims=True)
    std = np.sqrt(var + 1e-8)
    X_hat = (X - mean) / std
    return scale * X_hat + shift, (X_hat, std, scale)


def norm_backward(dY, cache):
    X_hat, std, scale = cache
    n = X_hat.shape[0]
    dshift = np.sum(dY, axis=1, keepdims=True)
    dscale = np.sum(dY * X_hat, axis=1, keepdims=True)
    dX = n * dY - np.sum(dY, axis=0) - X_hat * np.sum(dY * X_hat, axis=0)
    dX = scale * dX / (n * std)  # FAULT
    return dX, dscale, dshift


def norm_forward_repaired(X, scale, shift):
    """Normalize every column of X (features, batch); scale and shift are column vectors."""
    mean = np.mean(X, axis=0, keepdims=True)
    var = np.var(X, axis=0, keepdims=True)
    std = np.sqrt(var + 1e-8)
    X_hat = (X - mean) / std
    return scale * X_hat + shift, (X_hat, std, scale)


def norm_backward_repaired(dY, cache):
    X_hat, std, scale = cache
    n = X_hat.shape[0]
    dshift = np.sum(dY, axis=1, keepdims=True)
    dscale = np.sum(dY * X_hat, axis=1, keepdims=True)
    dX_hat = dY * scale
    dX = n * dX_hat - np.sum(dX_hat, axis=0) - X_hat * np.sum(dX_hat * X_hat, axis=0)
    dX = dX / (n * std)
    return dX, dscale, dshift


def faulty():
    rng = np.random.default_rng(8)
    X = rng.normal(size=(7, 3))
    scale = rng.uniform(0.4, 1.6, size=(7, 1))
    shift = rng.normal(size=(7, 1))
    return {"subject": (norm_forward, norm_backward), "inputs": (X, scale, shift)}


def correct():
    rng = np.random.default_rng(8)
    X = rng.normal(size=(7, 3))
    scale = rng.uniform(0.4, 1.6, size=(7, 1))
    shift = rng.normal(size=(7, 1))
    return {"subject": (norm_forward_repaired, norm_backward_repaired), "inputs": (X, scale, shift)}
