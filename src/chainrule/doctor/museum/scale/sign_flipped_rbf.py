"""Radial basis functions with learned centers and widths.

Symptom: the centers run away from the data that they should move to.
Repair: the center enters with a minus sign, so its gradient is minus the one of x, summed over the batch.
"""
import numpy as np

CODES = ("sign-flipped",)
PLACES = ("centers", "")


def rbf_forward(x, centers, log_width):
    """x (N, D), centers (K, D), log_width (K,) -> phi (N, K)."""
    diff = x[:, None, :] - centers[None, :, :]
    gamma = np.exp(-2.0 * log_width)
    dist2 = np.sum(diff ** 2, axis=2)
    phi = np.exp(-0.5 * gamma * dist2)
    return phi, {"diff": diff, "gamma": gamma, "dist2": dist2, "phi": phi}


def rbf_backward(dphi, cache):
    diff, gamma, dist2, phi = cache["diff"], cache["gamma"], cache["dist2"], cache["phi"]
    dexponent = dphi * phi
    ddist2 = -0.5 * gamma * dexponent
    ddiff = 2.0 * diff * ddist2[:, :, None]
    dx = ddiff.sum(axis=1)
    dcenters = ddiff.sum(axis=0)  # FAULT
    dlog_width = np.sum(dexponent * dist2 * gamma, axis=0)
    return dx, dcenters, dlog_width


def rbf_forward_repaired(x, centers, log_width):
    """x (N, D), centers (K, D), log_width (K,) -> phi (N, K)."""
    diff = x[:, None, :] - centers[None, :, :]
    gamma = np.exp(-2.0 * log_width)
    dist2 = np.sum(diff ** 2, axis=2)
    phi = np.exp(-0.5 * gamma * dist2)
    return phi, {"diff": diff, "gamma": gamma, "dist2": dist2, "phi": phi}


def rbf_backward_repaired(dphi, cache):
    diff, gamma, dist2, phi = cache["diff"], cache["gamma"], cache["dist2"], cache["phi"]
    dexponent = dphi * phi
    ddist2 = -0.5 * gamma * dexponent
    ddiff = 2.0 * diff * ddist2[:, :, None]
    dx = ddiff.sum(axis=1)
    dcenters = -ddiff.sum(axis=0)
    dlog_width = np.sum(dexponent * dist2 * gamma, axis=0)
    return dx, dcenters, dlog_width


def faulty():
    rng = np.random.default_rng(6)
    inputs = (rng.normal(size=(5, 2)), rng.normal(size=(4, 2)), rng.normal(size=4) * 0.3)
    return {"subject": (rbf_forward, rbf_backward), "inputs": inputs}


def correct():
    rng = np.random.default_rng(6)
    inputs = (rng.normal(size=(5, 2)), rng.normal(size=(4, 2)), rng.normal(size=4) * 0.3)
    return {"subject": (rbf_forward_repaired, rbf_backward_repaired), "inputs": inputs}
