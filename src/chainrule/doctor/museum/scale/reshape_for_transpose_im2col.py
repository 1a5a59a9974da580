"""A convolution by im2col, a pair of functions in the style of a university course.

Symptom: db is right, dw and dx are noise; all shapes are fine.
Repair: bring the filter axis to the front with a transpose before flattening.
"""
import numpy as np

CODES = ("reshape-for-transpose",)
PLACES = ("w", "x", "")


def im2col(x, kh, kw):
    N, C, H, W = x.shape
    oh, ow = H - kh + 1, W - kw + 1
    cols = np.empty((C, kh, kw, N, oh, ow))
    for i in range(kh):
        for j in range(kw):
            cols[:, i, j] = x[:, :, i:i + oh, j:j + ow].transpose(1, 0, 2, 3)
    return cols.reshape(C * kh * kw, N * oh * ow)


def col2im(cols, shape, kh, kw):
    N, C, H, W = shape
    oh, ow = H - kh + 1, W - kw + 1
    cols = cols.reshape(C, kh, kw, N, oh, ow)
    x = np.zeros(shape)
    for i in range(kh):
        for j in range(kw):
            x[:, :, i:i + oh, j:j + ow] += cols[:, i, j].transpose(1, 0, 2, 3)
    return x


def conv_forward(x, w, b):
    N, _, H, W = x.shape
    F, C, kh, kw = w.shape
    cols = im2col(x, kh, kw)
    out = w.reshape(F, -1) @ cols + b[:, None]
    out = out.reshape(F, N, H - kh + 1, W - kw + 1).transpose(1, 0, 2, 3)
    return out, (x, w, cols)


def conv_backward(dout, cache):
    x, w, cols = cache
    F, C, kh, kw = w.shape
    db = np.sum(dout, axis=(0, 2, 3))
    dout_rows = dout.reshape(F, -1)  # FAULT
    dw = (dout_rows @ cols.T).reshape(w.shape)
    dx = col2im(w.reshape(F, -1).T @ dout_rows, x.shape, kh, kw)
    return dx, dw, db


def conv_forward_repaired(x, w, b):
    N, _, H, W = x.shape
    F, C, kh, kw = w.shape
    cols = im2col(x, kh, kw)
    out = w.reshape(F, -1) @ cols + b[:, None]
    out = out.reshape(F, N, H - kh + 1, W - kw + 1).transpose(1, 0, 2, 3)
    return out, (x, w, cols)


def conv_backward_repaired(dout, cache):
    x, w, cols = cache
    F, C, kh, kw = w.shape
    db = np.sum(dout, axis=(0, 2, 3))
    dout_rows = dout.transpose(1, 0, 2, 3).reshape(F, -1)
    dw = (dout_rows @ cols.T).reshape(w.shape)
    dx = col2im(w.reshape(F, -1).T @ dout_rows, x.shape, kh, kw)
    return dx, dw, db


def faulty():
    rng = np.random.default_rng(22)
    inputs = (rng.normal(size=(3, 2, 5, 6)), rng.normal(size=(4, 2, 3, 2)) / 3.0, rng.normal(size=4))
    return {"subject": (conv_forward, conv_backward), "inputs": inputs}


def correct():
    rng = np.random.default_rng(22)
    inputs = (rng.normal(size=(3, 2, 5, 6)), rng.normal(size=(4, 2, 3, 2)) / 3.0, rng.normal(size=4))
    return {"subject": (conv_forward_repaired, conv_backward_repaired), "inputs": inputs}
