"""A one-dimensional convolution whose input gradient is assigned window by window.

Symptom: with stride equal to the width all is well.
Repair: add into the window.
"""
import numpy as np

CODES = ("overlap-overwritten",)
PLACES = ("x", "", "dx")


class Conv1D:
    def __init__(self, in_ch, out_ch, width, stride, rng):
        self.filt = rng.normal(size=(out_ch, in_ch, width)) * 0.4
        self.off = rng.normal(size=out_ch) * 0.1
        self.stride = stride

    def fprop(self, x):
        self.x = x
        k = self.filt.shape[2]
        steps = range(0, x.shape[2] - k + 1, self.stride)
        out = [np.tensordot(x[:, :, s:s + k], self.filt, ((1, 2), (1, 2))) for s in steps]
        return np.stack(out, axis=2) + self.off[:, None]

    def bprop(self, d):
        k = self.filt.shape[2]
        dx = np.zeros_like(self.x)
        self.filt_grad = np.zeros_like(self.filt)
        self.off_grad = d.sum(axis=(0, 2))
        for t in range(d.shape[2]):
            s = t * self.stride
            self.filt_grad += np.einsum("no,nck->ock", d[:, :, t], self.x[:, :, s:s + k])
            dx[:, :, s:s + k] = np.einsum("no,ock->nck", d[:, :, t], self.filt)  # FAULT
        return dx


class Conv1DRepaired:
    def __init__(self, in_ch, out_ch, width, stride, rng):
        self.filt = rng.normal(size=(out_ch, in_ch, width)) * 0.4
        self.off = rng.normal(size=out_ch) * 0.1
        self.stride = stride

    def fprop(self, x):
        self.x = x
        k = self.filt.shape[2]
        steps = range(0, x.shape[2] - k + 1, self.stride)
        out = [np.tensordot(x[:, :, s:s + k], self.filt, ((1, 2), (1, 2))) for s in steps]
        return np.stack(out, axis=2) + self.off[:, None]

    def bprop(self, d):
        k = self.filt.shape[2]
        dx = np.zeros_like(self.x)
        self.filt_grad = np.zeros_like(self.filt)
        self.off_grad = d.sum(axis=(0, 2))
        for t in range(d.shape[2]):
            s = t * self.stride
            self.filt_grad += np.einsum("no,nck->ock", d[:, :, t], self.x[:, :, s:s + k])
            dx[:, :, s:s + k] += np.einsum("no,ock->nck", d[:, :, t], self.filt)
        return dx


def faulty():
    rng = np.random.default_rng(45)
    return {"subject": Conv1D(2, 3, 4, 2, rng), "inputs": (rng.normal(size=(2, 2, 10)),)}


def correct():
    rng = np.random.default_rng(45)
    return {"subject": Conv1DRepaired(2, 3, 4, 2, rng), "inputs": (rng.normal(size=(2, 2, 10)),)}
