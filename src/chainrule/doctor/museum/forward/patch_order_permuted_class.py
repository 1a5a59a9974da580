"""im2col with the channel last, and weights that are flattened with the channel first.

Symptom: it learns by itself, but with imported weights the activations are garbage.
Repair: bring the patches into the order of the weights: channel, row, column.
"""
import numpy as np

CODES = ("patch-order-permuted",)
PLACES = ("W", "x", "")


def convolve(x, W, b, stride, pad):
    """Plain cross-correlation by definition, to compare with."""
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    kh, kw = W.shape[2:]
    rows = (x.shape[2] - kh) // stride + 1
    cols = (x.shape[3] - kw) // stride + 1
    y = np.zeros((x.shape[0], W.shape[0], rows, cols))
    for i in range(rows):
        for j in range(cols):
            patch = x[:, :, i * stride:i * stride + kh, j * stride:j * stride + kw]
            y[:, :, i, j] = np.einsum("nchw,fchw->nf", patch, W) + b
    return y


class Conv2D:
    """Convolution by im2col; x: (N, C, H, W), weights: (F, C, KH, KW)."""

    def __init__(self, W, b, stride=1, pad=0):
        self.W, self.b = W, b
        self.stride, self.pad = stride, pad
        self.dW, self.db = np.zeros_like(W), np.zeros_like(b)

    def im2col(self, x, kh, kw):
        n, c, h, w = x.shape
        s = self.stride
        rows, cols = (h - kh) // s + 1, (w - kw) // s + 1
        patches = np.empty((n, rows, cols, c, kh, kw))
        for a in range(kh):
            for b in range(kw):
                tap = x[:, :, a:a + s * rows:s, b:b + s * cols:s]
                patches[:, :, :, :, a, b] = tap.transpose(0, 2, 3, 1)
        patches = patches.transpose(0, 1, 2, 4, 5, 3)  # FAULT
        return patches.reshape(n * rows * cols, -1), rows, cols

    def col2im(self, cols_grad, shape, kh, kw, rows, cols):
        n, c, h, w = shape
        s = self.stride
        patches = cols_grad.reshape(n, rows, cols, kh, kw, c)
        patches = patches.transpose(0, 1, 2, 5, 3, 4)
        x = np.zeros(shape)
        for a in range(kh):
            for b in range(kw):
                x[:, :, a:a + s * rows:s, b:b + s * cols:s] += patches[:, :, :, :, a, b].transpose(0, 3, 1, 2)
        return x

    def forward(self, x):
        f, _, kh, kw = self.W.shape
        p = self.pad
        padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        self.shape = padded.shape
        self.columns, self.rows, self.cols = self.im2col(padded, kh, kw)
        y = self.columns @ self.W.reshape(f, -1).T + self.b
        return y.reshape(x.shape[0], self.rows, self.cols, f).transpose(0, 3, 1, 2)

    def backward(self, dy):
        f, _, kh, kw = self.W.shape
        delta = dy.transpose(0, 2, 3, 1).reshape(-1, f)
        self.dW = (delta.T @ self.columns).reshape(self.W.shape)
        self.db = delta.sum(axis=0)
        dcolumns = delta @ self.W.reshape(f, -1)
        dx = self.col2im(dcolumns, self.shape, kh, kw, self.rows, self.cols)
        p = self.pad
        return dx[:, :, p:dx.shape[2] - p, p:dx.shape[3] - p]


class Conv2DRepaired:
    """Convolution by im2col; x: (N, C, H, W), weights: (F, C, KH, KW)."""

    def __init__(self, W, b, stride=1, pad=0):
        self.W, self.b = W, b
        self.stride, self.pad = stride, pad
        self.dW, self.db = np.zeros_like(W), np.zeros_like(b)

    def im2col(self, x, kh, kw):
        n, c, h, w = x.shape
        s = self.stride
        rows, cols = (h - kh) // s + 1, (w - kw) // s + 1
        patches = np.empty((n, rows, cols, c, kh, kw))
        for a in range(kh):
            for b in range(kw):
                tap = x[:, :, a:a + s * rows:s, b:b + s * cols:s]
                patches[:, :, :, :, a, b] = tap.transpose(0, 2, 3, 1)
        return patches.reshape(n * rows * cols, -1), rows, cols

    def col2im(self, cols_grad, shape, kh, kw, rows, cols):
        n, c, h, w = shape
        s = self.stride
        patches = cols_grad.reshape(n, rows, cols, c, kh, kw)
        x = np.zeros(shape)
        for a in range(kh):
            for b in range(kw):
                x[:, :, a:a + s * rows:s, b:b + s * cols:s] += patches[:, :, :, :, a, b].transpose(0, 3, 1, 2)
        return x

    def forward(self, x):
        f, _, kh, kw = self.W.shape
        p = self.pad
        padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        self.shape = padded.shape
        self.columns, self.rows, self.cols = self.im2col(padded, kh, kw)
        y = self.columns @ self.W.reshape(f, -1).T + self.b
        return y.reshape(x.shape[0], self.rows, self.cols, f).transpose(0, 3, 1, 2)

    def backward(self, dy):
        f, _, kh, kw = self.W.shape
        delta = dy.transpose(0, 2, 3, 1).reshape(-1, f)
        self.dW = (delta.T @ self.columns).reshape(self.W.shape)
        self.db = delta.sum(axis=0)
        dcolumns = delta @ self.W.reshape(f, -1)
        dx = self.col2im(dcolumns, self.shape, kh, kw, self.rows, self.cols)
        p = self.pad
        return dx[:, :, p:dx.shape[2] - p, p:dx.shape[3] - p]


def faulty():
    rng = np.random.default_rng(34)
    W, b = rng.normal(size=(4, 3, 3, 2)) / 4.0, rng.normal(size=4) * 0.1
    layer = Conv2D(W, b, stride=2, pad=1)
    return {"subject": layer, "inputs": (rng.normal(size=(2, 3, 6, 5)),),
            "like": lambda x: convolve(x, layer.W, layer.b, 2, 1)}


def correct():
    rng = np.random.default_rng(34)
    W, b = rng.normal(size=(4, 3, 3, 2)) / 4.0, rng.normal(size=4) * 0.1
    layer = Conv2DRepaired(W, b, stride=2, pad=1)
    return {"subject": layer, "inputs": (rng.normal(size=(2, 3, 6, 5)),),
            "like": lambda x: convolve(x, layer.W, layer.b, 2, 1)}
