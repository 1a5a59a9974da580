"""A strided one-dimensional convolution whose backward walks in steps of one.

Symptom: correct with stride 1, wrong with stride 2.
Repair: window t starts at t * stride in backward too.
"""
import numpy as np

CODES = ("stride-or-padding-misaligned",)
PLACES = ("x", "dx", "w", "dw", "")


def conv1d_forward(x, w, b, stride=2):
    """x (N, C, L), w (F, C, K), b (F,) -> (N, F, (L - K) // stride + 1)"""
    N, C, L = x.shape
    F, _, K = w.shape
    steps = (L - K) // stride + 1
    out = np.zeros((N, F, steps))
    for t in range(steps):
        window = x[:, :, t * stride:t * stride + K]
        out[:, :, t] = np.einsum("nck,fck->nf", window, w) + b
    cache = {"x": x, "w": w, "stride": stride}
    return out, cache


def conv1d_backward(dout, cache):
    x, w, stride = cache["x"], cache["w"], cache["stride"]
    K = w.shape[2]
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for t in range(dout.shape[2]):
        s = slice(t, t + K)  # FAULT
        dw += np.einsum("nf,nck->fck", dout[:, :, t], x[:, :, s])
        dx[:, :, s] += np.einsum("nf,fck->nck", dout[:, :, t], w)
    db = dout.sum(axis=(0, 2))
    return {"x": dx, "w": dw, "b": db}


def conv1d_forward_repaired(x, w, b, stride=2):
    """x (N, C, L), w (F, C, K), b (F,) -> (N, F, (L - K) // stride + 1)"""
    N, C, L = x.shape
    F, _, K = w.shape
    steps = (L - K) // stride + 1
    out = np.zeros((N, F, steps))
    for t in range(steps):
        window = x[:, :, t * stride:t * stride + K]
        out[:, :, t] = np.einsum("nck,fck->nf", window, w) + b
    cache = {"x": x, "w": w, "stride": stride}
    return out, cache


def conv1d_backward_repaired(dout, cache):
    x, w, stride = cache["x"], cache["w"], cache["stride"]
    K = w.shape[2]
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for t in range(dout.shape[2]):
        s = slice(t * stride, t * stride + K)
        dw += np.einsum("nf,nck->fck", dout[:, :, t], x[:, :, s])
        dx[:, :, s] += np.einsum("nf,fck->nck", dout[:, :, t], w)
    db = dout.sum(axis=(0, 2))
    return {"x": dx, "w": dw, "b": db}


def faulty():
    rng = np.random.default_rng(5)
    x, w, b = rng.normal(size=(2, 4, 9)), rng.normal(size=(5, 4, 3)), rng.normal(size=5)
    return {"subject": (conv1d_forward, conv1d_backward), "inputs": (x, w, b)}


def correct():
    rng = np.random.default_rng(5)
    x, w, b = rng.normal(size=(2, 4, 9)), rng.normal(size=(5, 4, 3)), rng.normal(size=5)
    return {"subject": (conv1d_forward_repaired, conv1d_backward_repaired), "inputs": (x, w, b)}
