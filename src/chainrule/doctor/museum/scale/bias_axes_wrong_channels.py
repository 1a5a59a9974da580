"""A channel-wise affine layer for images, scale and shift of shape (1, C, 1, 1).

Symptom: the shift turns into an image row after the first update.
Repair: sum over batch, height and width; one axis is missing.
"""
import numpy as np

CODES = ("bias-axes-wrong", "gradient-shape-wrong")
PLACES = ("shift",)


class ChannelAffine:
    def __init__(self, channels, rng):
        self.scale = 1.0 + 0.3 * rng.normal(size=(1, channels, 1, 1))
        self.shift = 0.3 * rng.normal(size=(1, channels, 1, 1))
        self.params = [self.scale, self.shift]
        self.grads = [np.zeros_like(p) for p in self.params]

    def forward(self, images):
        self.images = images
        return images * self.scale + self.shift

    def backward(self, d_out):
        d_scale = np.sum(d_out * self.images, axis=(0, 2, 3), keepdims=True)
        d_shift = np.sum(d_out, axis=(0, 2), keepdims=True)  # FAULT
        self.grads = [d_scale, d_shift]
        return d_out * self.scale


class ChannelAffineRepaired:
    def __init__(self, channels, rng):
        self.scale = 1.0 + 0.3 * rng.normal(size=(1, channels, 1, 1))
        self.shift = 0.3 * rng.normal(size=(1, channels, 1, 1))
        self.params = [self.scale, self.shift]
        self.grads = [np.zeros_like(p) for p in self.params]

    def forward(self, images):
        self.images = images
        return images * self.scale + self.shift

    def backward(self, d_out):
        d_scale = np.sum(d_out * self.images, axis=(0, 2, 3), keepdims=True)
        d_shift = np.sum(d_out, axis=(0, 2, 3), keepdims=True)
        self.grads = [d_scale, d_shift]
        return d_out * self.scale


def faulty():
    rng = np.random.default_rng(25)
    return {"subject": ChannelAffine(3, rng), "inputs": (rng.normal(size=(2, 3, 4, 5)),)}


def correct():
    rng = np.random.default_rng(25)
    return {"subject": ChannelAffineRepaired(3, rng), "inputs": (rng.normal(size=(2, 3, 4, 5)),)}
