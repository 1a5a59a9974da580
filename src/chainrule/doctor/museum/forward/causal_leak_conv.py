"""A causal convolution over time that pads both ends.

Symptom: forecasts are excellent in training and worthless when the next value is really unknown.
Repair: put all k - 1 zeros in front.
"""
import numpy as np

CODES = ("causal-leak",)
PLACES = ("x", "")


def causal_conv1d_forward(x, w, b):
    """1-D convolution over time of the same length; the output at t uses x[..., :t + 1] only.

    x: (N, C, T), w: (F, C, K), b: (F,).
    """
    n, c, t = x.shape
    f, _, k = w.shape
    left = (k - 1) // 2  # FAULT
    right = k - 1 - left
    padded = np.pad(x, ((0, 0), (0, 0), (left, right)))
    out = np.zeros((n, f, t))
    for i in range(t):
        window = padded[:, :, i:i + k]
        out[:, :, i] = np.tensordot(window, w, axes=([1, 2], [1, 2])) + b
    cache = {"padded": padded, "w": w, "left": left, "length": t}
    return out, cache


def causal_conv1d_backward(dout, cache):
    padded, w = cache["padded"], cache["w"]
    left, t = cache["left"], cache["length"]
    k = w.shape[2]
    dpadded = np.zeros_like(padded)
    dw = np.zeros_like(w)
    for i in range(t):
        g = dout[:, :, i]
        dw += np.einsum("nf,nck->fck", g, padded[:, :, i:i + k])
        dpadded[:, :, i:i + k] += np.einsum("nf,fck->nck", g, w)
    db = dout.sum(axis=(0, 2))
    dx = dpadded[:, :, left:left + t]
    return dx, dw, db


def causal_conv1d_forward_repaired(x, w, b):
    """1-D convolution over time of the same length; the output at t uses x[..., :t + 1] only.

    x: (N, C, T), w: (F, C, K), b: (F,).
    """
    n, c, t = x.shape
    f, _, k = w.shape
    left = k - 1
    right = k - 1 - left
    padded = np.pad(x, ((0, 0), (0, 0), (left, right)))
    out = np.zeros((n, f, t))
    for i in range(t):
        window = padded[:, :, i:i + k]
        out[:, :, i] = np.tensordot(window, w, axes=([1, 2], [1, 2])) + b
    cache = {"padded": padded, "w": w, "left": left, "length": t}
    return out, cache


def causal_conv1d_backward_repaired(dout, cache):
    padded, w = cache["padded"], cache["w"]
    left, t = cache["left"], cache["length"]
    k = w.shape[2]
    dpadded = np.zeros_like(padded)
    dw = np.zeros_like(w)
    for i in range(t):
        g = dout[:, :, i]
        dw += np.einsum("nf,nck->fck", g, padded[:, :, i:i + k])
        dpadded[:, :, i:i + k] += np.einsum("nf,fck->nck", g, w)
    db = dout.sum(axis=(0, 2))
    dx = dpadded[:, :, left:left + t]
    return dx, dw, db


def faulty():
    rng = np.random.default_rng(7)
    x = rng.normal(size=(2, 3, 7))
    w = rng.normal(size=(4, 3, 3)) / 3.0
    b = rng.normal(size=4) * 0.1
    return {"subject": (causal_conv1d_forward, causal_conv1d_backward), "inputs": (x, w, b)}


def correct():
    rng = np.random.default_rng(7)
    x = rng.normal(size=(2, 3, 7))
    w = rng.normal(size=(4, 3, 3)) / 3.0
    b = rng.normal(size=4) * 0.1
    return {"subject": (causal_conv1d_forward_repaired, causal_conv1d_backward_repaired), "inputs": (x, w, b)}
