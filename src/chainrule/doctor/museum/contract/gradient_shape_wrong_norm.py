"""Layer normalization of a sequence (batch, time, features) as a pair of functions.

Symptom: gamma turns into a (time, features) array after the first update, and every position has
its own scale.
Repair: gamma is shared by the whole batch and all positions: sum over both axes.
"""
import numpy as np

CODES = ("gradient-shape-wrong", "bias-axes-wrong")
PLACES = ("gamma", "dgamma")


EPSILON = 1e-5


def layernorm_forward(x, gamma, beta):
    mu = x.mean(axis=-1, keepdims=True)
    var = x.var(axis=-1, keepdims=True)
    inv_std = 1.0 / np.sqrt(var + EPSILON)
    x_hat = (x - mu) * inv_std
    return gamma * x_hat + beta, (x_hat, inv_std, gamma)


def layernorm_backward(dout, cache):
    x_hat, inv_std, gamma = cache
    dgamma = np.sum(dout * x_hat, axis=0)  # FAULT
    dbeta = np.sum(dout, axis=(0, 1))
    dx_hat = dout * gamma
    mean_d = dx_hat.mean(axis=-1, keepdims=True)
    mean_dx = (dx_hat * x_hat).mean(axis=-1, keepdims=True)
    dx = inv_std * (dx_hat - mean_d - x_hat * mean_dx)
    return dx, dgamma, dbeta


def layernorm_forward_repaired(x, gamma, beta):
    mu = x.mean(axis=-1, keepdims=True)
    var = x.var(axis=-1, keepdims=True)
    inv_std = 1.0 / np.sqrt(var + EPSILON)
    x_hat = (x - mu) * inv_std
    return gamma * x_hat + beta, (x_hat, inv_std, gamma)


def layernorm_backward_repaired(dout, cache):
    x_hat, inv_std, gamma = cache
    dgamma = np.sum(dout * x_hat, axis=(0, 1))
    dbeta = np.sum(dout, axis=(0, 1))
    dx_hat = dout * gamma
    mean_d = dx_hat.mean(axis=-1, keepdims=True)
    mean_dx = (dx_hat * x_hat).mean(axis=-1, keepdims=True)
    dx = inv_std * (dx_hat - mean_d - x_hat * mean_dx)
    return dx, dgamma, dbeta


def faulty():
    rng = np.random.default_rng(2)
    x, gamma, beta = rng.normal(size=(3, 4, 6)), rng.uniform(0.5, 1.5, 6), rng.normal(size=6)
    return {"subject": (layernorm_forward, layernorm_backward), "inputs": (x, gamma, beta)}


def correct():
    rng = np.random.default_rng(2)
    x, gamma, beta = rng.normal(size=(3, 4, 6)), rng.uniform(0.5, 1.5, 6), rng.normal(size=6)
    return {"subject": (layernorm_forward_repaired, layernorm_backward_repaired), "inputs": (x, gamma, beta)}
