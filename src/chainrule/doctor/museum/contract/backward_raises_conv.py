"""A strided one-dimensional convolution, channels first, with zero padding.

Symptom: backward stops with "operands could not be broadcast together" while it scatters the
windows.
Repair: the columns were laid out as (channels, kernel), so reshape them back in that order.
"""
import numpy as np

CODES = ("backward-raises", "reshape-for-transpose")
PLACES = ("x", "dx", "")


class Conv1d:
    def __init__(self, channels, filters, width, stride, padding, rng):
        self.width, self.stride, self.padding = width, stride, padding
        self.kernel = rng.standard_normal((filters, channels, width)) / np.sqrt(channels * width)
        self.bias = 0.1 * rng.standard_normal(filters)
        self.gradients = {}

    def forward(self, x):
        self.x_shape = x.shape
        padded = np.pad(x, ((0, 0), (0, 0), (self.padding, self.padding)))
        self.padded_shape = padded.shape
        steps = (padded.shape[2] - self.width) // self.stride + 1
        windows = [padded[:, :, s * self.stride:s * self.stride + self.width] for s in range(steps)]
        # (batch, steps, channels * width)
        self.columns = np.stack([w.reshape(len(x), -1) for w in windows], axis=1)
        flat = self.kernel.reshape(len(self.kernel), -1)
        return (self.columns @ flat.T + self.bias).transpose(0, 2, 1)

    def backward(self, dy):
        batch, channels, length = self.x_shape
        dy = dy.transpose(0, 2, 1)
        flat = self.kernel.reshape(len(self.kernel), -1)
        self.gradients["kernel"] = np.einsum("nso,nsk->ok", dy, self.columns).reshape(self.kernel.shape)
        self.gradients["bias"] = dy.sum(axis=(0, 1))
        dcolumns = dy @ flat
        dpadded = np.zeros(self.padded_shape)
        for s in range(dy.shape[1]):
            start = s * self.stride
            window = dcolumns[:, s].reshape(batch, self.width, channels)  # FAULT
            dpadded[:, :, start:start + self.width] += window
        return dpadded[:, :, self.padding:self.padding + length]


class Conv1dRepaired:
    def __init__(self, channels, filters, width, stride, padding, rng):
        self.width, self.stride, self.padding = width, stride, padding
        self.kernel = rng.standard_normal((filters, channels, width)) / np.sqrt(channels * width)
        self.bias = 0.1 * rng.standard_normal(filters)
        self.gradients = {}

    def forward(self, x):
        self.x_shape = x.shape
        padded = np.pad(x, ((0, 0), (0, 0), (self.padding, self.padding)))
        self.padded_shape = padded.shape
        steps = (padded.shape[2] - self.width) // self.stride + 1
        windows = [padded[:, :, s * self.stride:s * self.stride + self.width] for s in range(steps)]
        # (batch, steps, channels * width)
        self.columns = np.stack([w.reshape(len(x), -1) for w in windows], axis=1)
        flat = self.kernel.reshape(len(self.kernel), -1)
        return (self.columns @ flat.T + self.bias).transpose(0, 2, 1)

    def backward(self, dy):
        batch, channels, length = self.x_shape
        dy = dy.transpose(0, 2, 1)
        flat = self.kernel.reshape(len(self.kernel), -1)
        self.gradients["kernel"] = np.einsum("nso,nsk->ok", dy, self.columns).reshape(self.kernel.shape)
        self.gradients["bias"] = dy.sum(axis=(0, 1))
        dcolumns = dy @ flat
        dpadded = np.zeros(self.padded_shape)
        for s in range(dy.shape[1]):
            start = s * self.stride
            window = dcolumns[:, s].reshape(batch, channels, self.width)
            dpadded[:, :, start:start + self.width] += window
        return dpadded[:, :, self.padding:self.padding + length]


def faulty():
    rng = np.random.default_rng(5)
    layer = Conv1d(channels=2, filters=4, width=3, stride=2, padding=1, rng=rng)
    return {"subject": layer, "inputs": (rng.normal(size=(3, 2, 7)),)}


def correct():
    rng = np.random.default_rng(5)
    layer = Conv1dRepaired(channels=2, filters=4, width=3, stride=2, padding=1, rng=rng)
    return {"subject": layer, "inputs": (rng.normal(size=(3, 2, 7)),)}
