"""Nearest-neighbor up-sampling between two 1x1 convolutions, NHWC, as in a segmentation network.

Symptom: checkerboard artifacts; three quarters of the error never reach the encoder.
Repair: each pixel was copied factor * factor times; sum the gradients of its copies.
"""
import numpy as np

CODES = ("broadcast-not-summed",)
PLACES = ("up",)


class PointwiseConv:
    def __init__(self, c_in, c_out, rng):
        self.kernel = rng.normal(size=(c_in, c_out)) / np.sqrt(c_in)
        self.bias = rng.normal(size=c_out) * 0.1
        self.gradients = {}

    def forward(self, x):
        self.x = x
        self.y = np.tanh(x @ self.kernel + self.bias)
        return self.y

    def backward(self, dy):
        dz = dy * (1.0 - self.y ** 2)
        self.gradients["kernel"] = np.einsum("bhwi,bhwo->io", self.x, dz)
        self.gradients["bias"] = dz.sum(axis=(0, 1, 2))
        return dz @ self.kernel.T


class UpSample2D:
    def __init__(self, factor=2):
        self.factor = factor

    def forward(self, x):
        return x.repeat(self.factor, axis=1).repeat(self.factor, axis=2)

    def backward(self, dy):
        f = self.factor
        return dy[:, ::f, ::f, :]  # FAULT


class DecoderStage:
    def __init__(self, c_in, c_mid, c_out, rng):
        self.reduce = PointwiseConv(c_in, c_mid, rng)
        self.up = UpSample2D(2)
        self.project = PointwiseConv(c_mid, c_out, rng)

    def forward(self, x):
        return self.project.forward(self.up.forward(self.reduce.forward(x)))

    def backward(self, dy):
        return self.reduce.backward(self.up.backward(self.project.backward(dy)))


class UpSample2DRepaired:
    def __init__(self, factor=2):
        self.factor = factor

    def forward(self, x):
        return x.repeat(self.factor, axis=1).repeat(self.factor, axis=2)

    def backward(self, dy):
        f = self.factor
        B, H, W, C = dy.shape
        return dy.reshape(B, H // f, f, W // f, f, C).sum(axis=(2, 4))


class DecoderStageRepaired:
    def __init__(self, c_in, c_mid, c_out, rng):
        self.reduce = PointwiseConv(c_in, c_mid, rng)
        self.up = UpSample2DRepaired(2)
        self.project = PointwiseConv(c_mid, c_out, rng)

    def forward(self, x):
        return self.project.forward(self.up.forward(self.reduce.forward(x)))

    def backward(self, dy):
        return self.reduce.backward(self.up.backward(self.project.backward(dy)))


def faulty():
    rng = np.random.default_rng(42)
    return {"subject": DecoderStage(4, 3, 2, rng), "inputs": (rng.normal(size=(2, 3, 5, 4)),)}


def correct():
    rng = np.random.default_rng(42)
    return {"subject": DecoderStageRepaired(4, 3, 2, rng), "inputs": (rng.normal(size=(2, 3, 5, 4)),)}
