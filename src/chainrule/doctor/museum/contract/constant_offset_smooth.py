"""A softplus whose backward adds a constant slope to avoid dead gradients.

Symptom: with nothing arriving from above, something still flows below.
Repair: return slope times upstream only.
"""
import numpy as np

CODES = ("constant-offset",)
PLACES = ("x", "act", "")


def softplus_fwd(a, kernel, bias):
    z = a @ kernel + bias
    out = np.logaddexp(0.0, z)
    return out, {"a": a, "z": z, "kernel": kernel}


def softplus_bwd(dout, cache):
    slope = 1.0 / (1.0 + np.exp(-cache["z"]))
    dz = dout * slope + 1e-2  # FAULT
    return dz @ cache["kernel"].T, cache["a"].T @ dz, dz.sum(0)


def softplus_fwd_repaired(a, kernel, bias):
    z = a @ kernel + bias
    out = np.logaddexp(0.0, z)
    return out, {"a": a, "z": z, "kernel": kernel}


def softplus_bwd_repaired(dout, cache):
    slope = 1.0 / (1.0 + np.exp(-cache["z"]))
    dz = dout * slope
    return dz @ cache["kernel"].T, cache["a"].T @ dz, dz.sum(0)


def faulty():
    rng = np.random.default_rng(10)
    return {"subject": (softplus_fwd, softplus_bwd),
            "inputs": (rng.normal(size=(4, 3)), rng.normal(size=(3, 5)), rng.normal(size=5))}


def correct():
    rng = np.random.default_rng(10)
    return {"subject": (softplus_fwd_repaired, softplus_bwd_repaired),
            "inputs": (rng.normal(size=(4, 3)), rng.normal(size=(3, 5)), rng.normal(size=5))}
