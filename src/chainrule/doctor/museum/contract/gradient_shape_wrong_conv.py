"""A two-dimensional convolution by im2col, as in many course notes.

Symptom: the optimizer complains about shapes, or a flat gradient is written into a four-dimensional
kernel.
Repair: reshape the gradient from (filters, C * k * k) back to the kernel's shape.
"""
import numpy as np

CODES = ("gradient-shape-wrong",)
PLACES = ("W", "dW")


def im2col(x, k, stride):
    n, c, h, w = x.shape
    oh, ow = (h - k) // stride + 1, (w - k) // stride + 1
    cols = np.empty((n, oh, ow, c, k, k))
    for i in range(oh):
        for j in range(ow):
            cols[:, i, j] = x[:, :, i * stride:i * stride + k, j * stride:j * stride + k]
    return cols.reshape(n * oh * ow, c * k * k), oh, ow


def col2im(cols, shape, k, stride, oh, ow):
    n, c, h, w = shape
    x = np.zeros(shape)
    cols = cols.reshape(n, oh, ow, c, k, k)
    for i in range(oh):
        for j in range(ow):
            x[:, :, i * stride:i * stride + k, j * stride:j * stride + k] += cols[:, i, j]
    return x


class Convolution:
    def __init__(self, W, b, stride=1, pad=0):
        self.W = W
        self.b = b
        self.stride = stride
        self.pad = pad
        self.dW = None
        self.db = None

    def forward(self, x):
        n = x.shape[0]
        fn, c, k, _ = self.W.shape
        p = self.pad
        xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        self.padded_shape = xp.shape
        self.col, self.oh, self.ow = im2col(xp, k, self.stride)
        self.col_W = self.W.reshape(fn, -1).T
        out = np.dot(self.col, self.col_W) + self.b
        return out.reshape(n, self.oh, self.ow, fn).transpose(0, 3, 1, 2)

    def backward(self, dout):
        fn, c, k, _ = self.W.shape
        dout = dout.transpose(0, 2, 3, 1).reshape(-1, fn)
        self.db = np.sum(dout, axis=0)
        self.dW = np.dot(self.col.T, dout).transpose(1, 0)  # FAULT
        dcol = np.dot(dout, self.col_W.T)
        dxp = col2im(dcol, self.padded_shape, k, self.stride, self.oh, self.ow)
        p = self.pad
        return dxp[:, :, p:-p, p:-p] if p else dxp


class ConvolutionRepaired:
    def __init__(self, W, b, stride=1, pad=0):
        self.W = W
        self.b = b
        self.stride = stride
        self.pad = pad
        self.dW = None
        self.db = None

    def forward(self, x):
        n = x.shape[0]
        fn, c, k, _ = self.W.shape
        p = self.pad
        xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        self.padded_shape = xp.shape
        self.col, self.oh, self.ow = im2col(xp, k, self.stride)
        self.col_W = self.W.reshape(fn, -1).T
        out = np.dot(self.col, self.col_W) + self.b
        return out.reshape(n, self.oh, self.ow, fn).transpose(0, 3, 1, 2)

    def backward(self, dout):
        fn, c, k, _ = self.W.shape
        dout = dout.transpose(0, 2, 3, 1).reshape(-1, fn)
        self.db = np.sum(dout, axis=0)
        self.dW = np.dot(self.col.T, dout).transpose(1, 0).reshape(fn, c, k, k)
        dcol = np.dot(dout, self.col_W.T)
        dxp = col2im(dcol, self.padded_shape, k, self.stride, self.oh, self.ow)
        p = self.pad
        return dxp[:, :, p:-p, p:-p] if p else dxp


def faulty():
    rng = np.random.default_rng(8)
    W, b = 0.3 * rng.normal(size=(4, 2, 3, 3)), 0.1 * rng.normal(size=4)
    layer = Convolution(W, b, stride=2, pad=1)
    return {"subject": layer, "inputs": (rng.normal(size=(2, 2, 5, 7)),)}


def correct():
    rng = np.random.default_rng(8)
    W, b = 0.3 * rng.normal(size=(4, 2, 3, 3)), 0.1 * rng.normal(size=4)
    layer = ConvolutionRepaired(W, b, stride=2, pad=1)
    return {"subject": layer, "inputs": (rng.normal(size=(2, 2, 5, 7)),)}
