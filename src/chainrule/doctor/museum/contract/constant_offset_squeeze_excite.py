"""Residual squeeze-and-excitation, y = x + x * s(x), channels first.

Symptom: a constant seeps into the input gradient, lower layers' biases run away.
Repair: the derivative 1 of the skip must be multiplied by the upstream gradient.
"""
import numpy as np
CODES = ("constant-offset",)
PLACES = ("x", "dx", "")


def se_forward(x, w1, w2):
    sq = x.mean((2, 3))
    h = np.tanh(sq @ w1)
    s = 1 / (1 + np.exp(-(h @ w2)))
    return x + x * s[:, :, None, None], (x, w1, w2, sq, h, s)


def se_backward(dy, cache):
    x, w1, w2, sq, h, s = cache
    ds = (dy * x).sum((2, 3)) * s * (1 - s)
    dh = (ds @ w2.T) * (1 - h ** 2)
    dsq = (dh @ w1.T) / (x.shape[2] * x.shape[3])
    dx = dy * s[:, :, None, None] + dsq[:, :, None, None]
    dx = dx + 1  # FAULT
    return dx, sq.T @ dh, h.T @ ds


def se_forward_repaired(x, w1, w2):
    sq = x.mean((2, 3))
    h = np.tanh(sq @ w1)
    s = 1 / (1 + np.exp(-(h @ w2)))
    return x + x * s[:, :, None, None], (x, w1, w2, sq, h, s)


def se_backward_repaired(dy, cache):
    x, w1, w2, sq, h, s = cache
    ds = (dy * x).sum((2, 3)) * s * (1 - s)
    dh = (ds @ w2.T) * (1 - h ** 2)
    dsq = (dh @ w1.T) / (x.shape[2] * x.shape[3])
    dx = dy * s[:, :, None, None] + dsq[:, :, None, None]
    dx = dx + dy
    return dx, sq.T @ dh, h.T @ ds


def faulty():
    r = np.random.RandomState(10)
    return {"subject": (se_forward, se_backward), "inputs": (r.randn(2, 4, 3, 5), r.randn(4, 3), r.randn(3, 4))}


def correct():
    r = np.random.RandomState(10)
    return {"subject": (se_forward_repaired, se_backward_repaired), "inputs": (r.randn(2, 4, 3, 5), r.randn(4, 3), r.randn(3, 4))}
