"""A leaky recurrent layer, time first, with steps numbered from 1 and inputs from 0.

Symptom: the input weight follows the input of the step before, and the last input teaches nothing.
Repair: step t reads x[t - 1], in backward as in forward.
"""
import numpy as np

CODES = ("time-step-misaligned",)
PLACES = ("W", "dW", "")


def leaky(x, W, U, keep=0.6):
    """x (time, batch, features): s[t] = keep * s[t-1] + (1 - keep) * relu(x[t] W + s[t-1] U) -> all s[t]"""
    steps, batch, _ = x.shape
    s = np.zeros((steps + 1, batch, U.shape[0]))
    z = np.zeros((steps, batch, U.shape[0]))
    for t in range(1, steps + 1):
        z[t - 1] = x[t - 1] @ W + s[t - 1] @ U
        s[t] = keep * s[t - 1] + (1 - keep) * np.maximum(z[t - 1], 0)
    return s[1:], (x, W, U, s, z, keep)


def leaky_grad(ds, cache):
    x, W, U, s, z, keep = cache
    dx, dW, dU = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U)
    carried = np.zeros_like(s[0])
    for t in range(len(x), 0, -1):
        total = ds[t - 1] + carried
        dz = (1 - keep) * total * (z[t - 1] > 0)
        dx[t - 1] = dz @ W.T
        dW += x[t - 2].T @ dz  # FAULT
        dU += s[t - 1].T @ dz
        carried = keep * total + dz @ U.T
    return dx, dW, dU


def leaky_repaired(x, W, U, keep=0.6):
    """x (time, batch, features): s[t] = keep * s[t-1] + (1 - keep) * relu(x[t] W + s[t-1] U) -> all s[t]"""
    steps, batch, _ = x.shape
    s = np.zeros((steps + 1, batch, U.shape[0]))
    z = np.zeros((steps, batch, U.shape[0]))
    for t in range(1, steps + 1):
        z[t - 1] = x[t - 1] @ W + s[t - 1] @ U
        s[t] = keep * s[t - 1] + (1 - keep) * np.maximum(z[t - 1], 0)
    return s[1:], (x, W, U, s, z, keep)


def leaky_grad_repaired(ds, cache):
    x, W, U, s, z, keep = cache
    dx, dW, dU = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U)
    carried = np.zeros_like(s[0])
    for t in range(len(x), 0, -1):
        total = ds[t - 1] + carried
        dz = (1 - keep) * total * (z[t - 1] > 0)
        dx[t - 1] = dz @ W.T
        dW += x[t - 1].T @ dz
        dU += s[t - 1].T @ dz
        carried = keep * total + dz @ U.T
    return dx, dW, dU


def _inputs():
    rng = np.random.default_rng(8)
    return rng.normal(size=(5, 2, 3)), rng.normal(size=(3, 4)), 0.5 * rng.normal(size=(4, 4))


def faulty():
    return {"subject": (leaky, leaky_grad), "inputs": _inputs()}


def correct():
    return {"subject": (leaky_repaired, leaky_grad_repaired), "inputs": _inputs()}
