"""A convolution by im2col whose way back scatters the columns by plain index assignment.

Symptom: the edges of the image are right, its inside is not.
Repair: accumulate with np.add.at.
"""
import numpy as np

CODES = ("overlap-overwritten",)
PLACES = ("x", "", "col2im")


def patch_indices(h, w, k, s):
    i0, j0 = np.repeat(np.arange(k), k), np.tile(np.arange(k), k)
    i1 = np.repeat(np.arange((h - k) // s + 1), (w - k) // s + 1) * s
    j1 = np.tile(np.arange((w - k) // s + 1), (h - k) // s + 1) * s
    return i0[:, None] + i1, j0[:, None] + j1


class ConvIm2col:
    def __init__(self, c, o, k, stride, rng):
        self.weight = rng.normal(size=(o, c, k, k)) * 0.3
        self.stride = stride

    def forward(self, x):
        o, c, k, _ = self.weight.shape
        self.shape = n, c, h, w = x.shape
        self.i, self.j = patch_indices(h, w, k, self.stride)
        self.cols = x[:, :, self.i, self.j].reshape(n, c * k * k, -1)
        y = self.weight.reshape(o, -1) @ self.cols
        return y.reshape(n, o, (h - k) // self.stride + 1, -1)

    def backward(self, dy):
        n, o = dy.shape[:2]
        d = dy.reshape(n, o, -1)
        self.weight_grad = np.einsum("nop,nkp->ok", d, self.cols).reshape(self.weight.shape)
        dcols = self.weight.reshape(o, -1).T @ d
        dcols = dcols.reshape(n, self.shape[1], -1, dcols.shape[2])
        dx = np.zeros(self.shape)
        dx[:, :, self.i, self.j] += dcols  # FAULT
        return dx


class ConvIm2colRepaired:
    def __init__(self, c, o, k, stride, rng):
        self.weight = rng.normal(size=(o, c, k, k)) * 0.3
        self.stride = stride

    def forward(self, x):
        o, c, k, _ = self.weight.shape
        self.shape = n, c, h, w = x.shape
        self.i, self.j = patch_indices(h, w, k, self.stride)
        self.cols = x[:, :, self.i, self.j].reshape(n, c * k * k, -1)
        y = self.weight.reshape(o, -1) @ self.cols
        return y.reshape(n, o, (h - k) // self.stride + 1, -1)

    def backward(self, dy):
        n, o = dy.shape[:2]
        d = dy.reshape(n, o, -1)
        self.weight_grad = np.einsum("nop,nkp->ok", d, self.cols).reshape(self.weight.shape)
        dcols = self.weight.reshape(o, -1).T @ d
        dcols = dcols.reshape(n, self.shape[1], -1, dcols.shape[2])
        dx = np.zeros(self.shape)
        np.add.at(dx, (slice(None), slice(None), self.i, self.j), dcols)
        return dx


def faulty():
    rng = np.random.default_rng(145)
    return {"subject": ConvIm2col(2, 3, 3, 1, rng), "inputs": (rng.normal(size=(2, 2, 5, 6)),)}


def correct():
    rng = np.random.default_rng(145)
    return {"subject": ConvIm2colRepaired(2, 3, 3, 1, rng), "inputs": (rng.normal(size=(2, 2, 5, 6)),)}
