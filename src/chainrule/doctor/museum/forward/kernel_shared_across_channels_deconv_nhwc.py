"""Transposed convolution (generator of a small GAN), channels last.

Symptom: generated images stay grey and blurred, whatever the number of input maps.
Repair: the kernel needs an input-channel axis, shape (kh, kw, c_in, c_out).
"""
import numpy as np

CODES = ("kernel-shared-across-channels",)
PLACES = ("kernel", "x", "dkernel", "")


class Deconv2D:
    """y[n, i*s+a, j*s+b, o] += x[n, i, j, c] * kernel[...]"""

    def __init__(self, c_in=3, c_out=4, kh=3, kw=2, stride=2, dtype=np.float32):
        rs = np.random.RandomState(17)
        self.s = stride
        self.kernel = (rs.randn(kh, kw, c_out) * 0.4).astype(dtype)        # FAULT
        self.bias = (rs.randn(c_out) * 0.1).astype(dtype)

    def forward(self, x):
        self.x = x
        n, h, w, _ = x.shape
        kh, kw, o = self.kernel.shape
        s = self.s
        y = np.zeros((n, (h - 1) * s + kh, (w - 1) * s + kw, o), dtype=x.dtype)
        for i in range(h):
            for j in range(w):
                y[:, i*s:i*s+kh, j*s:j*s+kw, :] += np.einsum("nc,abo->nabo", x[:, i, j], self.kernel)
        return y + self.bias

    def backward(self, dy):
        n, h, w, _ = self.x.shape
        kh, kw, o = self.kernel.shape
        s = self.s
        self.dbias = dy.sum(axis=(0, 1, 2))
        self.dkernel = np.zeros_like(self.kernel)
        dx = np.zeros_like(self.x)
        for i in range(h):
            for j in range(w):
                win = dy[:, i*s:i*s+kh, j*s:j*s+kw, :]
                self.dkernel += np.einsum("nc,nabo->abo", self.x[:, i, j], win)
                dx[:, i, j] = np.einsum("nabo,abo->n", win, self.kernel)[:, None]
        return dx


class Deconv2DRepaired:
    """y[n, i*s+a, j*s+b, o] += x[n, i, j, c] * kernel[...]"""

    def __init__(self, c_in=3, c_out=4, kh=3, kw=2, stride=2, dtype=np.float32):
        rs = np.random.RandomState(17)
        self.s = stride
        self.kernel = (rs.randn(kh, kw, c_in, c_out) * 0.4).astype(dtype)
        self.bias = (rs.randn(c_out) * 0.1).astype(dtype)

    def forward(self, x):
        self.x = x
        n, h, w, _ = x.shape
        kh, kw, _, o = self.kernel.shape
        s = self.s
        y = np.zeros((n, (h - 1) * s + kh, (w - 1) * s + kw, o), dtype=x.dtype)
        for i in range(h):
            for j in range(w):
                y[:, i*s:i*s+kh, j*s:j*s+kw, :] += np.einsum("nc,abco->nabo", x[:, i, j], self.kernel)
        return y + self.bias

    def backward(self, dy):
        n, h, w, _ = self.x.shape
        kh, kw, _, o = self.kernel.shape
        s = self.s
        self.dbias = dy.sum(axis=(0, 1, 2))
        self.dkernel = np.zeros_like(self.kernel)
        dx = np.zeros_like(self.x)
        for i in range(h):
            for j in range(w):
                win = dy[:, i*s:i*s+kh, j*s:j*s+kw, :]
                self.dkernel += np.einsum("nc,nabo->abco", self.x[:, i, j], win)
                dx[:, i, j] = np.einsum("nabo,abco->nc", win, self.kernel)
        return dx


def _x():
    return np.random.RandomState(2).randn(2, 5, 6, 3).astype(np.float32)


def faulty():
    return {"subject": Deconv2D(), "inputs": (_x(),)}


def correct():
    return {"subject": Deconv2DRepaired(), "inputs": (_x(),)}
