"""Highway layer, y = T * H + (1 - T) * x, as a pair of functions.

Symptom: the transform gate closes (or opens) for good within a few steps.
Repair: dy/dT is H - x, not x - H.
"""
import numpy as np

CODES = ("sign-flipped",)
PLACES = ("W_T", "b_T", "x", "")


def sigm(a):
    return 0.5 * (1 + np.tanh(0.5 * a))


def highway_fwd(x, W_H, b_H, W_T, b_T):
    H = np.maximum(0.1 * (x @ W_H + b_H), x @ W_H + b_H)
    T = sigm(x @ W_T + b_T)
    y = T * H + (1 - T) * x
    return y, (x, W_H, W_T, H, T)


def highway_bwd(dy, ctx):
    x, W_H, W_T, H, T = ctx
    dH = dy * T
    dT = dy * (x - H)  # FAULT
    da_H = np.where(H > 0, dH, 0.1 * dH)
    da_T = dT * T * (1 - T)
    dx = dy * (1 - T) + da_H @ W_H.T + da_T @ W_T.T
    return {"x": dx, "W_H": x.T @ da_H, "b_H": da_H.sum(0), "W_T": x.T @ da_T, "b_T": da_T.sum(0)}


def highway_fwd_repaired(x, W_H, b_H, W_T, b_T):
    H = np.maximum(0.1 * (x @ W_H + b_H), x @ W_H + b_H)
    T = sigm(x @ W_T + b_T)
    y = T * H + (1 - T) * x
    return y, (x, W_H, W_T, H, T)


def highway_bwd_repaired(dy, ctx):
    x, W_H, W_T, H, T = ctx
    dH = dy * T
    dT = dy * (H - x)
    da_H = np.where(H > 0, dH, 0.1 * dH)
    da_T = dT * T * (1 - T)
    dx = dy * (1 - T) + da_H @ W_H.T + da_T @ W_T.T
    return {"x": dx, "W_H": x.T @ da_H, "b_H": da_H.sum(0), "W_T": x.T @ da_T, "b_T": da_T.sum(0)}


def _inputs():
    rng = np.random.default_rng(12)
    D = 6
    return (rng.normal(size=(4, D)), 0.5 * rng.normal(size=(D, D)), rng.normal(size=D) * 0.2,
            0.5 * rng.normal(size=(D, D)), rng.normal(size=D) * 0.2 - 0.5)


def faulty():
    return {"subject": (highway_fwd, highway_bwd), "inputs": _inputs()}


def correct():
    return {"subject": (highway_fwd_repaired, highway_bwd_repaired), "inputs": _inputs()}
