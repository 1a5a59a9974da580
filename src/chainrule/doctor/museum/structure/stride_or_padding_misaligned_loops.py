"""A padded convolution with loops that crops the input gradient from the wrong corner.

Symptom: fine without padding.
Repair: cut the padding on both sides.
"""
import numpy as np

CODES = ("stride-or-padding-misaligned",)
PLACES = ("x", "", "dx")


class Conv:
    def __init__(self, n_f, ch, k, stride=1, pad=0, rng=None):
        self.W = rng.standard_normal((n_f, ch, k, k)) * 0.3
        self.b = rng.standard_normal(n_f) * 0.1
        self.stride, self.pad, self.k = stride, pad, k

    def forward(self, X):
        p, s, k = self.pad, self.stride, self.k
        self.shape = X.shape
        self.Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
        ho = (self.Xp.shape[2] - k) // s + 1
        wo = (self.Xp.shape[3] - k) // s + 1
        Z = np.empty((X.shape[0], self.W.shape[0], ho, wo))
        for i in range(ho):
            for j in range(wo):
                patch = self.Xp[:, :, i * s:i * s + k, j * s:j * s + k]
                Z[:, :, i, j] = np.tensordot(patch, self.W, ([1, 2, 3], [1, 2, 3])) + self.b
        return Z

    def backward(self, dZ):
        p, s, k = self.pad, self.stride, self.k
        dXp = np.zeros_like(self.Xp)
        self.dW = np.zeros_like(self.W)
        self.db = dZ.sum((0, 2, 3))
        for i in range(dZ.shape[2]):
            for j in range(dZ.shape[3]):
                win = (slice(None), slice(None), slice(i * s, i * s + k), slice(j * s, j * s + k))
                self.dW += np.tensordot(dZ[:, :, i, j], self.Xp[win], ([0], [0]))
                dXp[win] += np.tensordot(dZ[:, :, i, j], self.W, ([1], [0]))
        h, w = self.shape[2:]
        return dXp[:, :, :h, :w]  # FAULT


class ConvRepaired:
    def __init__(self, n_f, ch, k, stride=1, pad=0, rng=None):
        self.W = rng.standard_normal((n_f, ch, k, k)) * 0.3
        self.b = rng.standard_normal(n_f) * 0.1
        self.stride, self.pad, self.k = stride, pad, k

    def forward(self, X):
        p, s, k = self.pad, self.stride, self.k
        self.shape = X.shape
        self.Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
        ho = (self.Xp.shape[2] - k) // s + 1
        wo = (self.Xp.shape[3] - k) // s + 1
        Z = np.empty((X.shape[0], self.W.shape[0], ho, wo))
        for i in range(ho):
            for j in range(wo):
                patch = self.Xp[:, :, i * s:i * s + k, j * s:j * s + k]
                Z[:, :, i, j] = np.tensordot(patch, self.W, ([1, 2, 3], [1, 2, 3])) + self.b
        return Z

    def backward(self, dZ):
        p, s, k = self.pad, self.stride, self.k
        dXp = np.zeros_like(self.Xp)
        self.dW = np.zeros_like(self.W)
        self.db = dZ.sum((0, 2, 3))
        for i in range(dZ.shape[2]):
            for j in range(dZ.shape[3]):
                win = (slice(None), slice(None), slice(i * s, i * s + k), slice(j * s, j * s + k))
                self.dW += np.tensordot(dZ[:, :, i, j], self.Xp[win], ([0], [0]))
                dXp[win] += np.tensordot(dZ[:, :, i, j], self.W, ([1], [0]))
        h, w = self.shape[2:]
        return dXp[:, :, p:p + h, p:p + w]


def faulty():
    rng = np.random.default_rng(46)
    return {"subject": Conv(3, 2, 3, stride=2, pad=1, rng=rng), "inputs": (rng.normal(size=(2, 2, 5, 7)),)}


def correct():
    rng = np.random.default_rng(46)
    return {"subject": ConvRepaired(3, 2, 3, stride=2, pad=1, rng=rng),
            "inputs": (rng.normal(size=(2, 2, 5, 7)),)}
