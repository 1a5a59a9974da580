"""A siamese network that compares two inputs with one encoder.

Symptom: only what the second input shows is learned; swapping the inputs changes the update.
Repair: add up what both branches contribute to the shared weights.
"""
import numpy as np

CODES = ("tied-weight-lost",)
PLACES = ("theta", "bias", "")


def siamese(left, right, theta, bias):
    """Squared distance of two embeddings, per sample and feature."""
    u = np.tanh(left @ theta + bias)
    v = np.tanh(right @ theta + bias)
    return (u - v) ** 2, (left, right, theta, u, v)


def siamese_backward(ddist, cache):
    left, right, theta, u, v = cache
    grads = {}
    ddiff = 2.0 * (u - v) * ddist
    branches = (("left", left, u, ddiff), ("right", right, v, -ddiff))
    for name, x, h, dh in branches:
        dz = dh * (1.0 - h ** 2)
        grads[name] = dz @ theta.T
        grads["theta"] = x.T @ dz  # FAULT
        grads["bias"] = dz.sum(axis=0)  # FAULT
    return grads


def siamese_repaired(left, right, theta, bias):
    """Squared distance of two embeddings, per sample and feature."""
    u = np.tanh(left @ theta + bias)
    v = np.tanh(right @ theta + bias)
    return (u - v) ** 2, (left, right, theta, u, v)


def siamese_backward_repaired(ddist, cache):
    left, right, theta, u, v = cache
    grads = {}
    ddiff = 2.0 * (u - v) * ddist
    branches = (("left", left, u, ddiff), ("right", right, v, -ddiff))
    grads["theta"], grads["bias"] = np.zeros_like(theta), np.zeros(theta.shape[1])
    for name, x, h, dh in branches:
        dz = dh * (1.0 - h ** 2)
        grads[name] = dz @ theta.T
        grads["theta"] += x.T @ dz
        grads["bias"] += dz.sum(axis=0)
    return grads


def faulty():
    rng = np.random.default_rng(41)
    inputs = (rng.normal(size=(5, 4)), rng.normal(size=(5, 4)), rng.normal(size=(4, 3)), rng.normal(size=3))
    return {"subject": (siamese, siamese_backward), "inputs": inputs}


def correct():
    rng = np.random.default_rng(41)
    inputs = (rng.normal(size=(5, 4)), rng.normal(size=(5, 4)), rng.normal(size=(4, 3)), rng.normal(size=3))
    return {"subject": (siamese_repaired, siamese_backward_repaired), "inputs": inputs}
