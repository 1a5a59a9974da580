"""A one-dimensional "same" convolution in functions that sends gradients back with the kernel unreversed.

Symptom: fine for symmetric kernels.
Repair: reverse the kernel along its width.
"""
import numpy as np

CODES = ("kernel-not-flipped",)
PLACES = ("x", "", "conv", "signal")


def _same(x, w):
    """x (B, C, L), w (O, C, K) with odd K."""
    half = w.shape[2] // 2
    xp = np.pad(x, ((0, 0), (0, 0), (half, half)))
    out = np.zeros((x.shape[0], w.shape[0], x.shape[2]))
    for k in range(w.shape[2]):
        out += np.einsum("bcl,oc->bol", xp[:, :, k:k + x.shape[2]], w[:, :, k])
    return out


def conv_fwd(x, w):
    return _same(x, w), (x, w)


def conv_bwd(dy, cache):
    x, w = cache
    length, half = x.shape[2], w.shape[2] // 2
    xp = np.pad(x, ((0, 0), (0, 0), (half, half)))
    dw = np.stack([np.einsum("bol,bcl->oc", dy, xp[:, :, k:k + length]) for k in range(w.shape[2])], axis=2)
    dx = _same(dy, w.transpose(1, 0, 2))  # FAULT
    return dx, dw


def _same_repaired(x, w):
    """x (B, C, L), w (O, C, K) with odd K."""
    half = w.shape[2] // 2
    xp = np.pad(x, ((0, 0), (0, 0), (half, half)))
    out = np.zeros((x.shape[0], w.shape[0], x.shape[2]))
    for k in range(w.shape[2]):
        out += np.einsum("bcl,oc->bol", xp[:, :, k:k + x.shape[2]], w[:, :, k])
    return out


def conv_fwd_repaired(x, w):
    return _same_repaired(x, w), (x, w)


def conv_bwd_repaired(dy, cache):
    x, w = cache
    length, half = x.shape[2], w.shape[2] // 2
    xp = np.pad(x, ((0, 0), (0, 0), (half, half)))
    dw = np.stack([np.einsum("bol,bcl->oc", dy, xp[:, :, k:k + length]) for k in range(w.shape[2])], axis=2)
    dx = _same_repaired(dy, w.transpose(1, 0, 2)[:, :, ::-1])
    return dx, dw


def faulty():
    rng = np.random.default_rng(144)
    return {"subject": (conv_fwd, conv_bwd),
            "inputs": (rng.normal(size=(2, 3, 7)), rng.normal(size=(4, 3, 3)))}


def correct():
    rng = np.random.default_rng(144)
    return {"subject": (conv_fwd_repaired, conv_bwd_repaired),
            "inputs": (rng.normal(size=(2, 3, 7)), rng.normal(size=(4, 3, 3)))}
