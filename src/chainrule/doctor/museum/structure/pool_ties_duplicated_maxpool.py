"""Max pooling that hands the gradient to every entry equal to the maximum.

Symptom: fine on noise; on images with flat regions the gradient is several times too large.
Repair: give it to one entry of each window.
"""
import numpy as np

CODES = ("pool-ties-duplicated",)
PLACES = ("x", "")


class MaxPool:
    """Non-overlapping max pooling of (batch, channels, height, width)."""

    def __init__(self, size=2):
        self.size = size

    def forward(self, x):
        n, c, h, w = x.shape
        s = self.size
        self.shape = x.shape
        blocks = x.reshape(n, c, h // s, s, w // s, s).transpose(0, 1, 2, 4, 3, 5)
        self.blocks = blocks.reshape(n, c, h // s, w // s, s * s)
        self.out = self.blocks.max(axis=-1)
        return self.out

    def backward(self, dy):
        n, c, h, w = self.shape
        s = self.size
        mask = self.blocks == self.out[..., None]  # FAULT
        d = mask * dy[..., None]
        d = d.reshape(n, c, h // s, w // s, s, s).transpose(0, 1, 2, 4, 3, 5)
        return d.reshape(n, c, h, w)


class MaxPoolRepaired:
    """Non-overlapping max pooling of (batch, channels, height, width)."""

    def __init__(self, size=2):
        self.size = size

    def forward(self, x):
        n, c, h, w = x.shape
        s = self.size
        self.shape = x.shape
        blocks = x.reshape(n, c, h // s, s, w // s, s).transpose(0, 1, 2, 4, 3, 5)
        self.blocks = blocks.reshape(n, c, h // s, w // s, s * s)
        self.out = self.blocks.max(axis=-1)
        return self.out

    def backward(self, dy):
        n, c, h, w = self.shape
        s = self.size
        mask = np.arange(s * s) == self.blocks.argmax(axis=-1)[..., None]
        d = mask * dy[..., None]
        d = d.reshape(n, c, h // s, w // s, s, s).transpose(0, 1, 2, 4, 3, 5)
        return d.reshape(n, c, h, w)


def faulty():
    x = np.random.default_rng(0).normal(size=(1, 1, 4, 4))
    return {"subject": MaxPool(), "inputs": (x,)}


def correct():
    x = np.random.default_rng(0).normal(size=(1, 1, 4, 4))
    return {"subject": MaxPoolRepaired(), "inputs": (x,)}
