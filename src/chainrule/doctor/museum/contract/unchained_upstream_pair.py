"""A residual stack with its weights in one three-dimensional array, as a pair of functions.

Symptom: gradients of all blocks have nearly the same norm, and only the last block's passes the
check.
Repair: inside the loop the running gradient is the one to differentiate.
"""
import numpy as np

CODES = ("unchained-upstream",)
PLACES = ("W", "b", "x", "dW", "db", "dx", "")


def residual_stack(x, W, b):
    """x: (N, D); W: (L, D, D); b: (L, D). Every block computes x + tanh(x W_l + b_l)."""
    inputs, activations = [], []
    for W_l, b_l in zip(W, b):
        inputs.append(x)
        activations.append(np.tanh(x @ W_l + b_l))
        x = x + activations[-1]
    return x, (inputs, activations, W)


def residual_stack_backward(dout, cache):
    inputs, activations, W = cache
    L, D, _ = W.shape
    dW, db = np.zeros((L, D, D)), np.zeros((L, D))
    dx = dout
    for l in range(L - 1, -1, -1):
        dz = dout * (1 - activations[l] ** 2)  # FAULT
        dW[l] = inputs[l].T @ dz
        db[l] = dz.sum(axis=0)
        dx = dout + dz @ W[l].T  # FAULT
    return dx, dW, db


def residual_stack_repaired(x, W, b):
    """x: (N, D); W: (L, D, D); b: (L, D). Every block computes x + tanh(x W_l + b_l)."""
    inputs, activations = [], []
    for W_l, b_l in zip(W, b):
        inputs.append(x)
        activations.append(np.tanh(x @ W_l + b_l))
        x = x + activations[-1]
    return x, (inputs, activations, W)


def residual_stack_backward_repaired(dout, cache):
    inputs, activations, W = cache
    L, D, _ = W.shape
    dW, db = np.zeros((L, D, D)), np.zeros((L, D))
    dx = dout
    for l in range(L - 1, -1, -1):
        dz = dx * (1 - activations[l] ** 2)
        dW[l] = inputs[l].T @ dz
        db[l] = dz.sum(axis=0)
        dx = dx + dz @ W[l].T
    return dx, dW, db


def faulty():
    rng = np.random.default_rng(58)
    x = rng.normal(size=(2, 4))
    W, b = 0.5 * rng.normal(size=(3, 4, 4)), 0.1 * rng.normal(size=(3, 4))
    return {"subject": (residual_stack, residual_stack_backward), "inputs": (x, W, b)}


def correct():
    rng = np.random.default_rng(58)
    x = rng.normal(size=(2, 4))
    W, b = 0.5 * rng.normal(size=(3, 4, 4)), 0.1 * rng.normal(size=(3, 4))
    return {"subject": (residual_stack_repaired, residual_stack_backward_repaired), "inputs": (x, W, b)}
