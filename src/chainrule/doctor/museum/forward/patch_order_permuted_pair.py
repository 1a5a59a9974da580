"""A convolution with sliding windows that meet the weights with height and width exchanged.

Symptom: a filter for horizontal edges answers to vertical ones.
Repair: the windows' axes in the order of the weights', (channel, height, width).
"""
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

CODES = ("patch-order-permuted",)
PLACES = ("w", "x", "")


def reference(x, w, b):
    n, _, height, width = x.shape
    f, _, kh, kw = w.shape
    out = np.zeros((n, f, height - kh + 1, width - kw + 1))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            for k in range(f):
                out[:, k, i, j] = (x[:, :, i:i + kh, j:j + kw] * w[k]).sum(axis=(1, 2, 3)) + b[k]
    return out


def conv_forward(x, w, b):
    """x: (N, C, H, W), w: (F, C, K, K), b: (F,); no padding, stride 1."""
    n, c, height, width = x.shape
    f, _, k, _ = w.shape
    windows = sliding_window_view(x, (k, k), axis=(2, 3))  # (N, C, H', W', row, column)
    rows, cols = windows.shape[2:4]
    patches = windows.transpose(0, 2, 3, 1, 5, 4).reshape(n, rows, cols, c * k * k)  # FAULT
    out = np.einsum("nijp,fp->nfij", patches, w.reshape(f, -1)) + b[:, None, None]
    return out, (x.shape, patches, w)


def conv_backward(dout, cache):
    shape, patches, w = cache
    n, c, _, _ = shape
    f, _, k, _ = w.shape
    _, _, rows, cols = dout.shape
    db = dout.sum(axis=(0, 2, 3))
    dw = np.einsum("nfij,nijp->fp", dout, patches).reshape(w.shape)
    dpatches = np.einsum("nfij,fp->nijp", dout, w.reshape(f, -1)).reshape(n, rows, cols, c, k, k)
    dpatches = dpatches.transpose(0, 1, 2, 3, 5, 4)
    dx = np.zeros(shape)
    for i in range(rows):
        for j in range(cols):
            dx[:, :, i:i + k, j:j + k] += dpatches[:, i, j]
    return dx, dw, db


def conv_forward_repaired(x, w, b):
    """x: (N, C, H, W), w: (F, C, K, K), b: (F,); no padding, stride 1."""
    n, c, height, width = x.shape
    f, _, k, _ = w.shape
    windows = sliding_window_view(x, (k, k), axis=(2, 3))  # (N, C, H', W', row, column)
    rows, cols = windows.shape[2:4]
    patches = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n, rows, cols, c * k * k)
    out = np.einsum("nijp,fp->nfij", patches, w.reshape(f, -1)) + b[:, None, None]
    return out, (x.shape, patches, w)


def conv_backward_repaired(dout, cache):
    shape, patches, w = cache
    n, c, _, _ = shape
    f, _, k, _ = w.shape
    _, _, rows, cols = dout.shape
    db = dout.sum(axis=(0, 2, 3))
    dw = np.einsum("nfij,nijp->fp", dout, patches).reshape(w.shape)
    dpatches = np.einsum("nfij,fp->nijp", dout, w.reshape(f, -1)).reshape(n, rows, cols, c, k, k)
    dx = np.zeros(shape)
    for i in range(rows):
        for j in range(cols):
            dx[:, :, i:i + k, j:j + k] += dpatches[:, i, j]
    return dx, dw, db


def faulty():
    rng = np.random.default_rng(35)
    x, w, b = rng.normal(size=(2, 3, 5, 6)), rng.normal(size=(4, 3, 3, 3)) / 5.0, rng.normal(size=4)
    subject = (conv_forward, conv_backward)
    return {"subject": subject, "inputs": (x, w, b), "like": reference}


def correct():
    rng = np.random.default_rng(35)
    x, w, b = rng.normal(size=(2, 3, 5, 6)), rng.normal(size=(4, 3, 3, 3)) / 5.0, rng.normal(size=4)
    subject = (conv_forward_repaired, conv_backward_repaired)
    return {"subject": subject, "inputs": (x, w, b), "like": reference}
