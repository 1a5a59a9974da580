"""A batch normalization whose closed-form backward starts from dout and not from gamma * dout.

Symptom: right at initialization, wrong after some epochs.
Repair: start from gamma * dout.
"""
import numpy as np

CODES = ("norm-scale-dropped",)
PLACES = ("bn", "gamma", "x", "", "bn_backward", "0")


def bn_forward(x, gamma, beta, eps=1e-5):
    m = x.mean(axis=0)
    v = x.var(axis=0)
    inv = (v + eps) ** -0.5
    xh = (x - m) * inv
    return gamma * xh + beta, (xh, inv, gamma)


def bn_backward(dout, cache):
    xh, inv, gamma = cache
    n = dout.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xh).sum(axis=0)
    dxh = dout  # FAULT
    dx = inv / n * (n * dxh - dxh.sum(axis=0) - xh * (dxh * xh).sum(axis=0))
    return dx, dgamma, dbeta


def bn_forward_repaired(x, gamma, beta, eps=1e-5):
    m = x.mean(axis=0)
    v = x.var(axis=0)
    inv = (v + eps) ** -0.5
    xh = (x - m) * inv
    return gamma * xh + beta, (xh, inv, gamma)


def bn_backward_repaired(dout, cache):
    xh, inv, gamma = cache
    n = dout.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xh).sum(axis=0)
    dxh = dout * gamma
    dx = inv / n * (n * dxh - dxh.sum(axis=0) - xh * (dxh * xh).sum(axis=0))
    return dx, dgamma, dbeta


def faulty():
    rng = np.random.default_rng(43)
    return {"subject": (bn_forward, bn_backward),
            "inputs": (rng.normal(size=(7, 4)), rng.uniform(0.5, 2, 4), rng.normal(size=4))}


def correct():
    rng = np.random.default_rng(43)
    return {"subject": (bn_forward_repaired, bn_backward_repaired),
            "inputs": (rng.normal(size=(7, 4)), rng.uniform(0.5, 2, 4), rng.normal(size=4))}
