"""Residual tanh network with all weights in one (layers, n, n) tensor.

Symptom: a deep stack performs like a shallow one.
Repair: update delta from layer to layer.
"""
import numpy as np
CODES = ("unchained-upstream",)
PLACES = ("x", "dx", "theta", "dtheta", "bias", "dbias", "")


def deep_forward(x, theta, bias):
    h, tape = x, []
    for A, c in zip(theta, bias):
        u = np.tanh(h @ A + c)
        tape.append((h, u))
        h = h + 0.5 * u
    return h, (theta, tape)


def deep_backward(dout, cache):
    theta, tape = cache
    dtheta, dbias = np.zeros_like(theta), np.zeros(theta.shape[:2])
    delta = dout
    for l in range(len(tape) - 1, -1, -1):
        h, u = tape[l]
        e = 0.5 * dout * (1 - u * u)  # FAULT
        dtheta[l] = h.T @ e
        dbias[l] = e.sum(axis=0)
        delta = dout + e @ theta[l].T  # FAULT
    return delta, dtheta, dbias


def deep_forward_repaired(x, theta, bias):
    h, tape = x, []
    for A, c in zip(theta, bias):
        u = np.tanh(h @ A + c)
        tape.append((h, u))
        h = h + 0.5 * u
    return h, (theta, tape)


def deep_backward_repaired(dout, cache):
    theta, tape = cache
    dtheta, dbias = np.zeros_like(theta), np.zeros(theta.shape[:2])
    delta = dout
    for l in range(len(tape) - 1, -1, -1):
        h, u = tape[l]
        e = 0.5 * delta * (1 - u * u)
        dtheta[l] = h.T @ e
        dbias[l] = e.sum(axis=0)
        delta = delta + e @ theta[l].T
    return delta, dtheta, dbias


def faulty():
    g = np.random.default_rng(82)
    return {"subject": (deep_forward, deep_backward),
            "inputs": (g.normal(size=(5, 4)), g.normal(size=(3, 4, 4)) * 0.6, g.normal(size=(3, 4)) * 0.2)}


def correct():
    g = np.random.default_rng(82)
    return {"subject": (deep_forward_repaired, deep_backward_repaired),
            "inputs": (g.normal(size=(5, 4)), g.normal(size=(3, 4, 4)) * 0.6, g.normal(size=(3, 4)) * 0.2)}
