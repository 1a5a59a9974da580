"""Dilated causal convolution of a temporal convolutional network, time first.

Symptom: one layer is fine in isolation on its weights, deep stacks learn nothing about the recent past.
Repair: the padding sits on the left; cut it off there.
"""
import numpy as np

CODES = ("stride-or-padding-misaligned",)
PLACES = ("x",)


class CausalConv:
    """x: (time, batch, c_in); taps[j] looks j*dilation steps back"""

    def __init__(self, c_in=4, c_out=3, width=3, dilation=2, seed=0):
        r = np.random.RandomState(seed)
        self.taps = r.randn(width, c_in, c_out) / np.sqrt(width * c_in)
        self.offset = 0.1 * r.randn(c_out)
        self.dilation = dilation
        self.pad = (width - 1) * dilation

    def forward(self, x):
        T, B, C = x.shape
        self.T = T
        self.xp = np.concatenate([np.zeros((self.pad, B, C)), x])
        out = np.zeros((T, B, self.taps.shape[2])) + self.offset
        for j, w in enumerate(self.taps):
            s = self.pad - j * self.dilation
            out += self.xp[s:s + T] @ w
        return out

    def backward(self, dout):
        dxp = np.zeros_like(self.xp)
        self.d_taps = np.zeros_like(self.taps)
        self.d_offset = dout.sum(axis=(0, 1))
        for j, w in enumerate(self.taps):
            s = self.pad - j * self.dilation
            self.d_taps[j] = np.tensordot(self.xp[s:s + self.T], dout, axes=([0, 1], [0, 1]))
            dxp[s:s + self.T] += dout @ w.T
        return dxp[:self.T]  # FAULT


class CausalConvRepaired:
    """x: (time, batch, c_in); taps[j] looks j*dilation steps back"""

    def __init__(self, c_in=4, c_out=3, width=3, dilation=2, seed=0):
        r = np.random.RandomState(seed)
        self.taps = r.randn(width, c_in, c_out) / np.sqrt(width * c_in)
        self.offset = 0.1 * r.randn(c_out)
        self.dilation = dilation
        self.pad = (width - 1) * dilation

    def forward(self, x):
        T, B, C = x.shape
        self.T = T
        self.xp = np.concatenate([np.zeros((self.pad, B, C)), x])
        out = np.zeros((T, B, self.taps.shape[2])) + self.offset
        for j, w in enumerate(self.taps):
            s = self.pad - j * self.dilation
            out += self.xp[s:s + T] @ w
        return out

    def backward(self, dout):
        dxp = np.zeros_like(self.xp)
        self.d_taps = np.zeros_like(self.taps)
        self.d_offset = dout.sum(axis=(0, 1))
        for j, w in enumerate(self.taps):
            s = self.pad - j * self.dilation
            self.d_taps[j] = np.tensordot(self.xp[s:s + self.T], dout, axes=([0, 1], [0, 1]))
            dxp[s:s + self.T] += dout @ w.T
        return dxp[self.pad:]


def faulty():
    return {"subject": CausalConv(), "inputs": (np.random.RandomState(1).randn(9, 2, 4),)}


def correct():
    return {"subject": CausalConvRepaired(), "inputs": (np.random.RandomState(1).randn(9, 2, 4),)}
