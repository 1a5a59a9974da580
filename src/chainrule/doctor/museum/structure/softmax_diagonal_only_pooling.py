"""Attention pooling over time, features first, as a pair of functions.

Symptom: the pooled vector trains, the scoring vector drifts.
Repair: subtract the mean of the incoming gradient under the weights.
"""
import numpy as np

CODES = ("softmax-diagonal-only",)
PLACES = ("H", "W", "v", "dH", "dW", "dv", "")


def pool_forward(H, W, v):
    """H (F, T): one sequence, a column per time step.  W (A, F), v (A, 1).  Returns (F, 1)."""
    U = np.tanh(W @ H)
    e = v.T @ U
    e = np.exp(e - e.max())
    alpha = e / e.sum()
    c = H @ alpha.T
    return c, {"H": H, "W": W, "v": v, "U": U, "alpha": alpha}


def pool_backward(dc, cache):
    H, W, v, U, alpha = (cache[k] for k in ("H", "W", "v", "U", "alpha"))
    dH = dc @ alpha
    dalpha = dc.T @ H
    de = alpha * (1 - alpha) * dalpha  # FAULT
    dv = U @ de.T
    dU = v @ de
    dZ = dU * (1 - U ** 2)
    dW = dZ @ H.T
    dH = dH + W.T @ dZ
    return {"H": dH, "W": dW, "v": dv}


def pool_forward_repaired(H, W, v):
    """H (F, T): one sequence, a column per time step.  W (A, F), v (A, 1).  Returns (F, 1)."""
    U = np.tanh(W @ H)
    e = v.T @ U
    e = np.exp(e - e.max())
    alpha = e / e.sum()
    c = H @ alpha.T
    return c, {"H": H, "W": W, "v": v, "U": U, "alpha": alpha}


def pool_backward_repaired(dc, cache):
    H, W, v, U, alpha = (cache[k] for k in ("H", "W", "v", "U", "alpha"))
    dH = dc @ alpha
    dalpha = dc.T @ H
    de = alpha * (dalpha - np.sum(dalpha * alpha))
    dv = U @ de.T
    dU = v @ de
    dZ = dU * (1 - U ** 2)
    dW = dZ @ H.T
    dH = dH + W.T @ dZ
    return {"H": dH, "W": dW, "v": dv}


def faulty():
    rng = np.random.default_rng(11)
    H, W, v = rng.normal(size=(4, 6)), rng.normal(size=(3, 4)), rng.normal(size=(3, 1))
    return {"subject": (pool_forward, pool_backward), "inputs": (H, W, v)}


def correct():
    rng = np.random.default_rng(11)
    H, W, v = rng.normal(size=(4, 6)), rng.normal(size=(3, 4)), rng.normal(size=(3, 1))
    return {"subject": (pool_forward_repaired, pool_backward_repaired), "inputs": (H, W, v)}
