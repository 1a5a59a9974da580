"""A scaled tanh layer whose backward multiplies the incoming gradient in place.

Symptom: what the caller still holds changes under its hands.
Repair: make a new array.
"""
import numpy as np

CODES = ("mutates-upstream",)
PLACES = ("x", "h", "", "scale", "norm")


def scaled_tanh_fwd(x, w, s):
    a = np.tanh(x @ w)
    return a * s, (x, w, s, a)


def scaled_tanh_bwd(dout, saved):
    x, w, s, a = saved
    ds = np.sum(dout * a, axis=0)
    dout *= s * (1 - a ** 2)  # FAULT
    return dout @ w.T, x.T @ dout, ds


def scaled_tanh_fwd_repaired(x, w, s):
    a = np.tanh(x @ w)
    return a * s, (x, w, s, a)


def scaled_tanh_bwd_repaired(dout, saved):
    x, w, s, a = saved
    ds = np.sum(dout * a, axis=0)
    dout = dout * s * (1 - a ** 2)
    return dout @ w.T, x.T @ dout, ds


def faulty():
    rng = np.random.default_rng(106)
    return {"subject": (scaled_tanh_fwd, scaled_tanh_bwd),
            "inputs": (rng.normal(size=(4, 3)), rng.normal(size=(3, 5)), rng.normal(size=5))}


def correct():
    rng = np.random.default_rng(106)
    return {"subject": (scaled_tanh_fwd_repaired, scaled_tanh_bwd_repaired),
            "inputs": (rng.normal(size=(4, 3)), rng.normal(size=(3, 5)), rng.normal(size=5))}
