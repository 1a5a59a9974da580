"""Conv2D by im2col, functions only.

Symptom: the filters turn to noise although the shapes agree and dx checks out.
Repair: dW_col is (C*kh*kw, F); transpose it before reshaping to (F, C, kh, kw).
"""
import numpy as np

CODES = ("reshape-for-transpose",)
PLACES = ("w", "")


def im2col(x, kh, kw):
    N, C, H, W = x.shape
    oh, ow = H - kh + 1, W - kw + 1
    cols = np.empty((N, oh, ow, C, kh, kw))
    for i in range(oh):
        for j in range(ow):
            cols[:, i, j] = x[:, :, i:i + kh, j:j + kw]
    return cols.reshape(N * oh * ow, -1), oh, ow


def conv_forward(x, w, b):
    F, C, kh, kw = w.shape
    cols, oh, ow = im2col(x, kh, kw)
    out = cols @ w.reshape(F, -1).T + b
    out = out.reshape(x.shape[0], oh, ow, F).transpose(0, 3, 1, 2)
    return out, (x.shape, w, cols)


def conv_backward(dout, cache):
    x_shape, w, cols = cache
    F, C, kh, kw = w.shape
    N, _, oh, ow = dout.shape
    d = dout.transpose(0, 2, 3, 1).reshape(-1, F)
    db = d.sum(axis=0)
    dw = (cols.T @ d).reshape(w.shape)  # FAULT
    dcols = (d @ w.reshape(F, -1)).reshape(N, oh, ow, C, kh, kw)
    dx = np.zeros(x_shape)
    for i in range(oh):
        for j in range(ow):
            dx[:, :, i:i + kh, j:j + kw] += dcols[:, i, j]
    return dx, dw, db


def conv_forward_repaired(x, w, b):
    F, C, kh, kw = w.shape
    cols, oh, ow = im2col(x, kh, kw)
    out = cols @ w.reshape(F, -1).T + b
    out = out.reshape(x.shape[0], oh, ow, F).transpose(0, 3, 1, 2)
    return out, (x.shape, w, cols)


def conv_backward_repaired(dout, cache):
    x_shape, w, cols = cache
    F, C, kh, kw = w.shape
    N, _, oh, ow = dout.shape
    d = dout.transpose(0, 2, 3, 1).reshape(-1, F)
    db = d.sum(axis=0)
    dw = (cols.T @ d).T.reshape(w.shape)
    dcols = (d @ w.reshape(F, -1)).reshape(N, oh, ow, C, kh, kw)
    dx = np.zeros(x_shape)
    for i in range(oh):
        for j in range(ow):
            dx[:, :, i:i + kh, j:j + kw] += dcols[:, i, j]
    return dx, dw, db


def _inputs():
    r = np.random.RandomState(0)
    return r.randn(2, 3, 6, 5), r.randn(4, 3, 3, 2) * 0.3, r.randn(4)


def faulty():
    return {"subject": (conv_forward, conv_backward), "inputs": _inputs()}


def correct():
    return {"subject": (conv_forward_repaired, conv_backward_repaired), "inputs": _inputs()}
