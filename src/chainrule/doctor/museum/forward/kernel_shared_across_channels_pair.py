"""Text convolution that multiplies every embedding dimension with the same tap.

Symptom: the filters hardly do more than a moving average of the summed embeddings.
Repair: a weight of shape (filters, width, dimensions).
"""
import numpy as np

CODES = ("kernel-shared-across-channels",)
PLACES = ("theta", "x", "")


def windows(x, width):
    """(N, L, C) -> (N, L - width + 1, width, C), a copy."""
    return np.stack([x[:, i:i + width] for i in range(x.shape[1] - width + 1)], axis=1)


def text_conv_forward(x, theta, bias):
    """x: (N, L, C) word vectors, theta: (F, K), bias: (F,). Returns (N, L - K + 1, F)."""
    patches = windows(x, theta.shape[1])
    z = np.einsum("nlkc,fk->nlf", patches, theta) + bias  # FAULT
    out = np.tanh(z)
    return out, (x.shape, patches, theta, out)


def text_conv_backward(dout, cache):
    shape, patches, theta, out = cache
    dz = dout * (1.0 - out * out)
    dtheta = np.einsum("nlkc,nlf->fk", patches, dz)
    dbias = dz.sum(axis=(0, 1))
    dpatches = np.einsum("nlf,fk->nlk", dz, theta)[..., None] * np.ones(shape[2])
    dx = np.zeros(shape)
    for i in range(dz.shape[1]):
        dx[:, i:i + theta.shape[1]] += dpatches[:, i]
    return dx, dtheta, dbias


def text_conv_forward_repaired(x, theta, bias):
    """x: (N, L, C) word vectors, theta: (F, K, C), bias: (F,). Returns (N, L - K + 1, F)."""
    patches = windows(x, theta.shape[1])
    z = np.einsum("nlkc,fkc->nlf", patches, theta) + bias
    out = np.tanh(z)
    return out, (x.shape, patches, theta, out)


def text_conv_backward_repaired(dout, cache):
    shape, patches, theta, out = cache
    dz = dout * (1.0 - out * out)
    dtheta = np.einsum("nlkc,nlf->fkc", patches, dz)
    dbias = dz.sum(axis=(0, 1))
    dpatches = np.einsum("nlf,fkc->nlkc", dz, theta)
    dx = np.zeros(shape)
    for i in range(dz.shape[1]):
        dx[:, i:i + theta.shape[1]] += dpatches[:, i]
    return dx, dtheta, dbias


def faulty():
    rng = np.random.default_rng(17)
    x = rng.normal(size=(2, 6, 5))
    theta = rng.normal(size=(4, 3)) / 3.0
    bias = rng.normal(size=4)
    return {"subject": (text_conv_forward, text_conv_backward), "inputs": (x, theta, bias)}


def correct():
    rng = np.random.default_rng(17)
    x = rng.normal(size=(2, 6, 5))
    theta = rng.normal(size=(4, 3, 5)) / 3.0
    bias = rng.normal(size=4)
    return {"subject": (text_conv_forward_repaired, text_conv_backward_repaired), "inputs": (x, theta, bias)}
