"""Convolution by im2col; col2im writes the patches back one over the other.

Symptom: correct with stride equal to the kernel, wrong for every ordinary convolution.
Repair: add each patch to what is there already.
"""
import numpy as np

CODES = ("overlap-overwritten",)
PLACES = ("x", "dx", "")


def im2col(x, kh, kw, stride):
    n, c, h, w = x.shape
    oh, ow = (h - kh) // stride + 1, (w - kw) // stride + 1
    cols = np.empty((n, oh, ow, c, kh, kw))
    for i in range(oh):
        for j in range(ow):
            cols[:, i, j] = x[:, :, i * stride:i * stride + kh, j * stride:j * stride + kw]
    return cols.reshape(n * oh * ow, c * kh * kw), oh, ow


def col2im(cols, shape, kh, kw, stride, pad):
    n, c, h, w = shape
    x = np.zeros((n, c, h + 2 * pad, w + 2 * pad))
    oh, ow = (x.shape[2] - kh) // stride + 1, (x.shape[3] - kw) // stride + 1
    cols = cols.reshape(n, oh, ow, c, kh, kw)
    for i in range(oh):
        for j in range(ow):
            r, s = i * stride, j * stride
            x[:, :, r:r + kh, s:s + kw] = cols[:, i, j]  # FAULT
    return x[:, :, pad:pad + h, pad:pad + w]


def conv_forward(x, w, b, stride=1, pad=1):
    f, _, kh, kw = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    cols, oh, ow = im2col(xp, kh, kw, stride)
    out = cols @ w.reshape(f, -1).T + b
    out = out.reshape(x.shape[0], oh, ow, f).transpose(0, 3, 1, 2)
    return out, (x.shape, cols, w, stride, pad)


def conv_backward(dout, cache):
    x_shape, cols, w, stride, pad = cache
    f, _, kh, kw = w.shape
    d = dout.transpose(0, 2, 3, 1).reshape(-1, f)
    db = d.sum(axis=0)
    dw = (d.T @ cols).reshape(w.shape)
    dx = col2im(d @ w.reshape(f, -1), x_shape, kh, kw, stride, pad)
    return dx, dw, db


def col2im_repaired(cols, shape, kh, kw, stride, pad):
    n, c, h, w = shape
    x = np.zeros((n, c, h + 2 * pad, w + 2 * pad))
    oh, ow = (x.shape[2] - kh) // stride + 1, (x.shape[3] - kw) // stride + 1
    cols = cols.reshape(n, oh, ow, c, kh, kw)
    for i in range(oh):
        for j in range(ow):
            r, s = i * stride, j * stride
            x[:, :, r:r + kh, s:s + kw] += cols[:, i, j]
    return x[:, :, pad:pad + h, pad:pad + w]


def conv_forward_repaired(x, w, b, stride=1, pad=1):
    f, _, kh, kw = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    cols, oh, ow = im2col(xp, kh, kw, stride)
    out = cols @ w.reshape(f, -1).T + b
    out = out.reshape(x.shape[0], oh, ow, f).transpose(0, 3, 1, 2)
    return out, (x.shape, cols, w, stride, pad)


def conv_backward_repaired(dout, cache):
    x_shape, cols, w, stride, pad = cache
    f, _, kh, kw = w.shape
    d = dout.transpose(0, 2, 3, 1).reshape(-1, f)
    db = d.sum(axis=0)
    dw = (d.T @ cols).reshape(w.shape)
    dx = col2im_repaired(d @ w.reshape(f, -1), x_shape, kh, kw, stride, pad)
    return dx, dw, db


def faulty():
    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=(2, 3, 5, 6)), rng.normal(size=(4, 3, 3, 2)) * 0.4, rng.normal(size=4)
    return {"subject": (conv_forward, conv_backward), "inputs": (x, w, b)}


def correct():
    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=(2, 3, 5, 6)), rng.normal(size=(4, 3, 3, 2)) * 0.4, rng.normal(size=4)
    return {"subject": (conv_forward_repaired, conv_backward_repaired), "inputs": (x, w, b)}
