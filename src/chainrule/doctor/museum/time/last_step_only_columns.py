"""A recurrent classifier whose recurrent weight gradient is assigned at each step.

Symptom: only the first step of the sequence counts for it.
Repair: add over the steps.
"""
import numpy as np

CODES = ("last-step-only",)
PLACES = ("U", "Whh", "Whx", "V", "bh", "R")


def rnn_fwd(x, U, R, b):
    """x (D, T, B); columns are samples; returns the last state (H, B)."""
    states = [np.zeros((R.shape[0], x.shape[2]))]
    for t in range(x.shape[1]):
        states.append(np.tanh(U @ x[:, t] + R @ states[-1] + b[:, None]))
    return states[-1], {"x": x, "states": states, "U": U, "R": R}


def rnn_bwd(dh, memo):
    x, states, U, R = (memo[k] for k in ("x", "states", "U", "R"))
    dU, dR, db, dx = np.zeros_like(U), np.zeros_like(R), np.zeros(R.shape[0]), np.zeros_like(x)
    for t in range(x.shape[1] - 1, -1, -1):
        da = dh * (1 - states[t + 1] ** 2)
        dU = da @ x[:, t].T  # FAULT
        dR += da @ states[t].T
        db += da.sum(axis=1)
        dx[:, t] = U.T @ da
        dh = R.T @ da
    return dx, dU, dR, db


def rnn_fwd_repaired(x, U, R, b):
    """x (D, T, B); columns are samples; returns the last state (H, B)."""
    states = [np.zeros((R.shape[0], x.shape[2]))]
    for t in range(x.shape[1]):
        states.append(np.tanh(U @ x[:, t] + R @ states[-1] + b[:, None]))
    return states[-1], {"x": x, "states": states, "U": U, "R": R}


def rnn_bwd_repaired(dh, memo):
    x, states, U, R = (memo[k] for k in ("x", "states", "U", "R"))
    dU, dR, db, dx = np.zeros_like(U), np.zeros_like(R), np.zeros(R.shape[0]), np.zeros_like(x)
    for t in range(x.shape[1] - 1, -1, -1):
        da = dh * (1 - states[t + 1] ** 2)
        dU += da @ x[:, t].T
        dR += da @ states[t].T
        db += da.sum(axis=1)
        dx[:, t] = U.T @ da
        dh = R.T @ da
    return dx, dU, dR, db


def faulty():
    rng = np.random.default_rng(62)
    r = lambda *s: rng.normal(size=s) * 0.7
    return {"subject": (rnn_fwd, rnn_bwd), "inputs": (r(3, 5, 2), r(4, 3), r(4, 4), r(4))}


def correct():
    rng = np.random.default_rng(62)
    r = lambda *s: rng.normal(size=s) * 0.7
    return {"subject": (rnn_fwd_repaired, rnn_bwd_repaired), "inputs": (r(3, 5, 2), r(4, 3), r(4, 4), r(4))}
