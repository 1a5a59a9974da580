"""Strided convolution, NHWC images and HWIO filters (TensorFlow layout), im2col with a column list.

Symptom: own training works, but results differ from tf.nn.conv2d, and the learned filters look like noise when plotted.
Repair: collect the columns in the order of the filter axes: row, column, channel.
"""
import numpy as np

CODES = ("patch-order-permuted",)
PLACES = ("filters", "x", "")


def conv_forward(x, filters, bias, stride=2, pad=1):
    kh, kw, cin, cout = filters.shape
    n, h, w, _ = x.shape
    xp = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    oh, ow = (h + 2 * pad - kh) // stride + 1, (w + 2 * pad - kw) // stride + 1
    order = [(i, j, c) for c in range(cin) for i in range(kh) for j in range(kw)]        # FAULT
    cols = np.stack([xp[:, i:i + stride * oh:stride, j:j + stride * ow:stride, c] for i, j, c in order], axis=-1)
    out = cols @ filters.reshape(-1, cout) + bias
    return out, (x.shape, xp.shape, filters, cols, order, stride, pad)


def conv_backward(dout, cache):
    x_shape, xp_shape, filters, cols, order, stride, pad = cache
    cout = filters.shape[-1]
    _, oh, ow, _ = dout.shape
    dfilters = np.tensordot(cols, dout, axes=([0, 1, 2], [0, 1, 2])).reshape(filters.shape)
    dbias = dout.sum(axis=(0, 1, 2))
    dcols = dout @ filters.reshape(-1, cout).T
    dxp = np.zeros(xp_shape)
    for m, (i, j, c) in enumerate(order):
        dxp[:, i:i + stride * oh:stride, j:j + stride * ow:stride, c] += dcols[..., m]
    return dxp[:, pad:pad + x_shape[1], pad:pad + x_shape[2], :], dfilters, dbias


def conv_forward_repaired(x, filters, bias, stride=2, pad=1):
    kh, kw, cin, cout = filters.shape
    n, h, w, _ = x.shape
    xp = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    oh, ow = (h + 2 * pad - kh) // stride + 1, (w + 2 * pad - kw) // stride + 1
    order = [(i, j, c) for i in range(kh) for j in range(kw) for c in range(cin)]
    cols = np.stack([xp[:, i:i + stride * oh:stride, j:j + stride * ow:stride, c] for i, j, c in order], axis=-1)
    out = cols @ filters.reshape(-1, cout) + bias
    return out, (x.shape, xp.shape, filters, cols, order, stride, pad)


def conv_backward_repaired(dout, cache):
    x_shape, xp_shape, filters, cols, order, stride, pad = cache
    cout = filters.shape[-1]
    _, oh, ow, _ = dout.shape
    dfilters = np.tensordot(cols, dout, axes=([0, 1, 2], [0, 1, 2])).reshape(filters.shape)
    dbias = dout.sum(axis=(0, 1, 2))
    dcols = dout @ filters.reshape(-1, cout).T
    dxp = np.zeros(xp_shape)
    for m, (i, j, c) in enumerate(order):
        dxp[:, i:i + stride * oh:stride, j:j + stride * ow:stride, c] += dcols[..., m]
    return dxp[:, pad:pad + x_shape[1], pad:pad + x_shape[2], :], dfilters, dbias


def _inputs():
    r = np.random.RandomState(6)
    return r.randn(2, 6, 7, 4), r.randn(3, 2, 4, 5) * 0.3, r.randn(5) * 0.1


def faulty():
    return {"subject": (conv_forward, conv_backward), "inputs": _inputs()}


def correct():
    return {"subject": (conv_forward_repaired, conv_backward_repaired), "inputs": _inputs()}
