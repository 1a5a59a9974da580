"""A padded convolution that cuts the padding off at the wrong end.

Symptom: gradients below the layer are shifted by the padding; without padding all is well.
Repair: crop from `pad` on, not from 0 on.
"""
import numpy as np

CODES = ("stride-or-padding-misaligned",)
PLACES = ("x", "")


class Conv2d:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, rng=None):
        rng = rng or np.random.default_rng()
        shape = (out_channels, in_channels, kernel_size, kernel_size)
        self.weight = rng.normal(0, np.sqrt(2.0 / (in_channels * kernel_size**2)), shape)
        self.bias = np.zeros(out_channels)
        self.grad_weight = np.zeros_like(self.weight)
        self.grad_bias = np.zeros_like(self.bias)
        self.k, self.s, self.p = kernel_size, stride, padding

    def forward(self, x):
        k, s, p = self.k, self.s, self.p
        self.x_shape = x.shape
        self.xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        oh = (self.xp.shape[2] - k) // s + 1
        ow = (self.xp.shape[3] - k) // s + 1
        out = np.zeros((x.shape[0], len(self.bias), oh, ow))
        for i in range(oh):
            for j in range(ow):
                patch = self.xp[:, :, i * s:i * s + k, j * s:j * s + k]
                out[:, :, i, j] = np.tensordot(patch, self.weight, axes=([1, 2, 3], [1, 2, 3]))
        return out + self.bias[None, :, None, None]

    def backward(self, dout):
        k, s, p = self.k, self.s, self.p
        h, w = self.x_shape[2:]
        self.grad_weight = np.zeros_like(self.weight)
        self.grad_bias = dout.sum(axis=(0, 2, 3))
        dxp = np.zeros_like(self.xp)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                d = dout[:, :, i, j]
                patch = self.xp[:, :, i * s:i * s + k, j * s:j * s + k]
                self.grad_weight += np.tensordot(d, patch, axes=(0, 0))
                dxp[:, :, i * s:i * s + k, j * s:j * s + k] += np.tensordot(d, self.weight, axes=(1, 0))
        return dxp[:, :, :h, :w]  # FAULT


class Conv2dRepaired:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, rng=None):
        rng = rng or np.random.default_rng()
        shape = (out_channels, in_channels, kernel_size, kernel_size)
        self.weight = rng.normal(0, np.sqrt(2.0 / (in_channels * kernel_size**2)), shape)
        self.bias = np.zeros(out_channels)
        self.grad_weight = np.zeros_like(self.weight)
        self.grad_bias = np.zeros_like(self.bias)
        self.k, self.s, self.p = kernel_size, stride, padding

    def forward(self, x):
        k, s, p = self.k, self.s, self.p
        self.x_shape = x.shape
        self.xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        oh = (self.xp.shape[2] - k) // s + 1
        ow = (self.xp.shape[3] - k) // s + 1
        out = np.zeros((x.shape[0], len(self.bias), oh, ow))
        for i in range(oh):
            for j in range(ow):
                patch = self.xp[:, :, i * s:i * s + k, j * s:j * s + k]
                out[:, :, i, j] = np.tensordot(patch, self.weight, axes=([1, 2, 3], [1, 2, 3]))
        return out + self.bias[None, :, None, None]

    def backward(self, dout):
        k, s, p = self.k, self.s, self.p
        h, w = self.x_shape[2:]
        self.grad_weight = np.zeros_like(self.weight)
        self.grad_bias = dout.sum(axis=(0, 2, 3))
        dxp = np.zeros_like(self.xp)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                d = dout[:, :, i, j]
                patch = self.xp[:, :, i * s:i * s + k, j * s:j * s + k]
                self.grad_weight += np.tensordot(d, patch, axes=(0, 0))
                dxp[:, :, i * s:i * s + k, j * s:j * s + k] += np.tensordot(d, self.weight, axes=(1, 0))
        return dxp[:, :, p:p + h, p:p + w]


def faulty():
    rng = np.random.default_rng(0)
    conv = Conv2d(2, 4, 3, stride=2, padding=1, rng=rng)
    return {"subject": conv, "inputs": (rng.normal(size=(3, 2, 5, 7)),)}


def correct():
    rng = np.random.default_rng(0)
    conv = Conv2dRepaired(2, 4, 3, stride=2, padding=1, rng=rng)
    return {"subject": conv, "inputs": (rng.normal(size=(3, 2, 5, 7)),)}
