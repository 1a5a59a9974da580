"""A decoder step function whose context vector is added at every position, its gradient averaged.

Symptom: the context encoder learns too slowly.
Repair: sum over the positions.
"""
import numpy as np

CODES = ("broadcast-not-summed",)
PLACES = ("context", "c", "1", "ctx")


def condition_fwd(x, ctx, W):
    """x (B, T, D), ctx (B, C), W (C, D): adds the projected context at every position."""
    a = np.tanh(x + (ctx @ W)[:, None, :])
    return a, [a, ctx, W]


def condition_bwd(da, cache):
    a, ctx, W = cache
    dx = da * (1 - a ** 2)
    dproj = dx.sum(axis=1)
    dctx = dx.mean(axis=1) @ W.T  # FAULT
    return dx, dctx, ctx.T @ dproj


def condition_fwd_repaired(x, ctx, W):
    """x (B, T, D), ctx (B, C), W (C, D): adds the projected context at every position."""
    a = np.tanh(x + (ctx @ W)[:, None, :])
    return a, [a, ctx, W]


def condition_bwd_repaired(da, cache):
    a, ctx, W = cache
    dx = da * (1 - a ** 2)
    dproj = dx.sum(axis=1)
    dctx = dproj @ W.T
    return dx, dctx, ctx.T @ dproj


def faulty():
    rng = np.random.default_rng(133)
    return {"subject": (condition_fwd, condition_bwd),
            "inputs": (rng.normal(size=(2, 5, 4)), rng.normal(size=(2, 3)), rng.normal(size=(3, 4)))}


def correct():
    rng = np.random.default_rng(133)
    return {"subject": (condition_fwd_repaired, condition_bwd_repaired),
            "inputs": (rng.normal(size=(2, 5, 4)), rng.normal(size=(2, 3)), rng.normal(size=(3, 4)))}
