"""A layer norm in functions that leaves the variance's path out.

Symptom: large inputs get too large gradients.
Repair: add the term with x-hat.
"""
import numpy as np

CODES = ("statistics-treated-constant",)
PLACES = ("norm", "x", "", "x_in")


def ln_fwd(x, g, b):
    mu = np.mean(x, axis=-1, keepdims=True)
    xc = x - mu
    rstd = 1.0 / np.sqrt(np.mean(xc ** 2, axis=-1, keepdims=True) + 1e-5)
    return xc * rstd * g + b, (xc, rstd, g)


def ln_bwd(dy, cache):
    xc, rstd, g = cache
    xhat = xc * rstd
    axes = tuple(range(dy.ndim - 1))
    dg, db = np.sum(dy * xhat, axis=axes), np.sum(dy, axis=axes)
    dxhat = dy * g
    dvar = 0.0  # FAULT
    dx = rstd * (dxhat - np.mean(dxhat, axis=-1, keepdims=True) - xhat * dvar)
    return dx, dg, db


def ln_fwd_repaired(x, g, b):
    mu = np.mean(x, axis=-1, keepdims=True)
    xc = x - mu
    rstd = 1.0 / np.sqrt(np.mean(xc ** 2, axis=-1, keepdims=True) + 1e-5)
    return xc * rstd * g + b, (xc, rstd, g)


def ln_bwd_repaired(dy, cache):
    xc, rstd, g = cache
    xhat = xc * rstd
    axes = tuple(range(dy.ndim - 1))
    dg, db = np.sum(dy * xhat, axis=axes), np.sum(dy, axis=axes)
    dxhat = dy * g
    dvar = np.mean(dxhat * xhat, axis=-1, keepdims=True)
    dx = rstd * (dxhat - np.mean(dxhat, axis=-1, keepdims=True) - xhat * dvar)
    return dx, dg, db


def faulty():
    rng = np.random.default_rng(142)
    return {"subject": (ln_fwd, ln_bwd),
            "inputs": (rng.normal(size=(2, 3, 5)), rng.uniform(0.5, 2, 5), rng.normal(size=5))}


def correct():
    rng = np.random.default_rng(142)
    return {"subject": (ln_fwd_repaired, ln_bwd_repaired),
            "inputs": (rng.normal(size=(2, 3, 5)), rng.uniform(0.5, 2, 5), rng.normal(size=5))}
