"""Layer normalization as a pair of functions.

Symptom: nothing complains, the shapes are equal; the scale drifts with the mean of the error.
Repair: return the gradients in the order of the inputs: x, gamma, beta.
"""
import numpy as np

CODES = ("gradients-swapped",)
PLACES = ("gamma", "beta", "")


def layernorm_forward(x, gamma, beta, eps=1e-5):
    mean = x.mean(axis=-1, keepdims=True)
    inv_std = 1.0 / np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    x_hat = (x - mean) * inv_std
    return gamma * x_hat + beta, (x_hat, inv_std, gamma)


def layernorm_backward(dout, cache):
    x_hat, inv_std, gamma = cache
    lead = tuple(range(dout.ndim - 1))
    dgamma = np.sum(dout * x_hat, axis=lead)
    dbeta = np.sum(dout, axis=lead)
    dx_hat = dout * gamma
    dx = inv_std * (dx_hat - dx_hat.mean(axis=-1, keepdims=True)
                    - x_hat * np.mean(dx_hat * x_hat, axis=-1, keepdims=True))
    return dx, dbeta, dgamma  # FAULT


def layernorm_forward_repaired(x, gamma, beta, eps=1e-5):
    mean = x.mean(axis=-1, keepdims=True)
    inv_std = 1.0 / np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    x_hat = (x - mean) * inv_std
    return gamma * x_hat + beta, (x_hat, inv_std, gamma)


def layernorm_backward_repaired(dout, cache):
    x_hat, inv_std, gamma = cache
    lead = tuple(range(dout.ndim - 1))
    dgamma = np.sum(dout * x_hat, axis=lead)
    dbeta = np.sum(dout, axis=lead)
    dx_hat = dout * gamma
    dx = inv_std * (dx_hat - dx_hat.mean(axis=-1, keepdims=True)
                    - x_hat * np.mean(dx_hat * x_hat, axis=-1, keepdims=True))
    return dx, dgamma, dbeta


def faulty():
    rng = np.random.default_rng(26)
    inputs = (rng.normal(size=(2, 3, 6)), rng.normal(size=6), rng.normal(size=6))
    return {"subject": (layernorm_forward, layernorm_backward), "inputs": inputs}


def correct():
    rng = np.random.default_rng(26)
    inputs = (rng.normal(size=(2, 3, 6)), rng.normal(size=6), rng.normal(size=6))
    return {"subject": (layernorm_forward_repaired, layernorm_backward_repaired), "inputs": inputs}
