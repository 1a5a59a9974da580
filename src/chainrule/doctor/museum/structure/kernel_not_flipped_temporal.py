"""A temporal convolution with "same" padding, written with einsum over shifted copies.

Symptom: the layers below a temporal convolution learn from a gradient that runs backward in time.
Repair: tap j of the forward is tap k-1-j of the backward.
"""
import numpy as np

CODES = ("kernel-not-flipped",)
PLACES = ("x", "dx", "")


def conv1d(x, kernel, bias):
    """x (batch, time, in), kernel (k, in, out) with odd k, bias (out,) -> (batch, time, out)"""
    k = kernel.shape[0]
    T = x.shape[1]
    xp = np.pad(x, ((0, 0), (k // 2, k // 2), (0, 0)))
    y = bias + sum(np.einsum("bti,io->bto", xp[:, j:j + T], kernel[j]) for j in range(k))
    return y, (x, kernel)


def conv1d_grad(dy, cache):
    x, kernel = cache
    k = kernel.shape[0]
    T = x.shape[1]
    pad = ((0, 0), (k // 2, k // 2), (0, 0))
    xp, dyp = np.pad(x, pad), np.pad(dy, pad)
    dkernel = np.stack([np.einsum("bti,bto->io", xp[:, j:j + T], dy) for j in range(k)])
    dx = sum(np.einsum("bto,io->bti", dyp[:, j:j + T], kernel[j]) for j in range(k))  # FAULT
    return dx, dkernel, dy.sum(axis=(0, 1))


def conv1d_repaired(x, kernel, bias):
    """x (batch, time, in), kernel (k, in, out) with odd k, bias (out,) -> (batch, time, out)"""
    k = kernel.shape[0]
    T = x.shape[1]
    xp = np.pad(x, ((0, 0), (k // 2, k // 2), (0, 0)))
    y = bias + sum(np.einsum("bti,io->bto", xp[:, j:j + T], kernel[j]) for j in range(k))
    return y, (x, kernel)


def conv1d_grad_repaired(dy, cache):
    x, kernel = cache
    k = kernel.shape[0]
    T = x.shape[1]
    pad = ((0, 0), (k // 2, k // 2), (0, 0))
    xp, dyp = np.pad(x, pad), np.pad(dy, pad)
    dkernel = np.stack([np.einsum("bti,bto->io", xp[:, j:j + T], dy) for j in range(k)])
    dx = sum(np.einsum("bto,io->bti", dyp[:, j:j + T], kernel[k - 1 - j]) for j in range(k))
    return dx, dkernel, dy.sum(axis=(0, 1))


def faulty():
    rng = np.random.default_rng(1)
    x, kernel, bias = rng.normal(size=(2, 7, 4)), rng.normal(size=(3, 4, 5)), rng.normal(size=5)
    return {"subject": (conv1d, conv1d_grad), "inputs": (x, kernel, bias)}


def correct():
    rng = np.random.default_rng(1)
    x, kernel, bias = rng.normal(size=(2, 7, 4)), rng.normal(size=(3, 4, 5)), rng.normal(size=5)
    return {"subject": (conv1d_repaired, conv1d_grad_repaired), "inputs": (x, kernel, bias)}
