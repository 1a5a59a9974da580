"""A convolution with weights of shape (filters, height, width): all input channels share one kernel.

Symptom: color images are learned no better than gray ones.
Repair: one kernel for each pair of filter and input channel.
"""
import numpy as np

CODES = ("kernel-shared-across-channels",)
PLACES = ("W", "x", "")


class ConvLayer:
    """2-D convolution (cross-correlation), images of shape (batch, channels, height, width)."""

    def __init__(self, in_channels, num_filters, kernel_size, padding=0, rng=None):
        rng = rng or np.random.default_rng()
        self.num_filters, self.size, self.padding = num_filters, kernel_size, padding
        fan_in = in_channels * kernel_size ** 2
        self.W = rng.normal(size=(num_filters, kernel_size, kernel_size)) / np.sqrt(fan_in)  # FAULT
        self.b = rng.normal(size=num_filters) * 0.1
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)

    def forward(self, x):
        p, s = self.padding, self.size
        self.xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        n, _, height, width = self.xp.shape
        out = np.zeros((n, self.num_filters, height - s + 1, width - s + 1))
        for f in range(self.num_filters):
            for i in range(out.shape[2]):
                for j in range(out.shape[3]):
                    patch = self.xp[:, :, i:i + s, j:j + s]
                    out[:, f, i, j] = np.sum(patch * self.W[f], axis=(1, 2, 3)) + self.b[f]
        return out

    def backward(self, dout):
        p, s = self.padding, self.size
        self.dW = np.zeros_like(self.W)
        self.db = dout.sum(axis=(0, 2, 3))
        dxp = np.zeros_like(self.xp)
        for f in range(self.num_filters):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    g = dout[:, f, i, j][:, None, None, None]
                    patch = self.xp[:, :, i:i + s, j:j + s]
                    self.dW[f] += np.sum(patch * g, axis=(0, 1))
                    dxp[:, :, i:i + s, j:j + s] += self.W[f] * g
        return dxp[:, :, p:dxp.shape[2] - p, p:dxp.shape[3] - p]


class ConvLayerRepaired:
    """2-D convolution (cross-correlation), images of shape (batch, channels, height, width)."""

    def __init__(self, in_channels, num_filters, kernel_size, padding=0, rng=None):
        rng = rng or np.random.default_rng()
        self.num_filters, self.size, self.padding = num_filters, kernel_size, padding
        fan_in = in_channels * kernel_size ** 2
        self.W = rng.normal(size=(num_filters, in_channels, kernel_size, kernel_size)) / np.sqrt(fan_in)
        self.b = rng.normal(size=num_filters) * 0.1
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)

    def forward(self, x):
        p, s = self.padding, self.size
        self.xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        n, _, height, width = self.xp.shape
        out = np.zeros((n, self.num_filters, height - s + 1, width - s + 1))
        for f in range(self.num_filters):
            for i in range(out.shape[2]):
                for j in range(out.shape[3]):
                    patch = self.xp[:, :, i:i + s, j:j + s]
                    out[:, f, i, j] = np.sum(patch * self.W[f], axis=(1, 2, 3)) + self.b[f]
        return out

    def backward(self, dout):
        p, s = self.padding, self.size
        self.dW = np.zeros_like(self.W)
        self.db = dout.sum(axis=(0, 2, 3))
        dxp = np.zeros_like(self.xp)
        for f in range(self.num_filters):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    g = dout[:, f, i, j][:, None, None, None]
                    patch = self.xp[:, :, i:i + s, j:j + s]
                    self.dW[f] += np.sum(patch * g, axis=0)
                    dxp[:, :, i:i + s, j:j + s] += self.W[f] * g
        return dxp[:, :, p:dxp.shape[2] - p, p:dxp.shape[3] - p]


def faulty():
    rng = np.random.default_rng(16)
    layer = ConvLayer(3, 4, 2, padding=1, rng=rng)
    return {"subject": layer, "inputs": (rng.normal(size=(2, 3, 5, 6)),)}


def correct():
    rng = np.random.default_rng(16)
    layer = ConvLayerRepaired(3, 4, 2, padding=1, rng=rng)
    return {"subject": layer, "inputs": (rng.normal(size=(2, 3, 5, 6)),)}
