"""Decoder of a U-Net: nearest-neighbour upsampling (x2) followed by a 1x1 convolution, NHWC.

Symptom: the encoder below learns about four times too slowly and noisily.
Repair: every input pixel is copied to a 2x2 block; sum the block's gradients.
"""
import numpy as np

CODES = ("broadcast-not-summed",)
PLACES = ("x", "up", "")


class UpSample:
    def __init__(self, factor=2):
        self.f = factor

    def forward(self, x):
        return x.repeat(self.f, axis=1).repeat(self.f, axis=2)

    def backward(self, dy):
        N, H, W, C = dy.shape
        f = self.f
        return dy[:, ::f, ::f, :].copy()  # FAULT


class PointwiseConv:
    def __init__(self, cin, cout, rs):
        self.K = rs.randn(cin, cout) * 0.5
        self.B = rs.randn(cout) * 0.1

    def forward(self, x):
        self.x = x
        return x @ self.K + self.B

    def backward(self, dy):
        self.dK = np.einsum("nhwi,nhwo->io", self.x, dy)
        self.dB = np.einsum("nhwo->o", dy)
        return dy @ self.K.T


class DecoderBlock:
    def __init__(self, cin, cout):
        self.up = UpSample()
        self.conv = PointwiseConv(cin, cout, np.random.RandomState(66))

    def forward(self, x):
        return self.conv.forward(self.up.forward(x))

    def backward(self, dy):
        return self.up.backward(self.conv.backward(dy))


class UpSampleRepaired:
    def __init__(self, factor=2):
        self.f = factor

    def forward(self, x):
        return x.repeat(self.f, axis=1).repeat(self.f, axis=2)

    def backward(self, dy):
        N, H, W, C = dy.shape
        f = self.f
        return dy.reshape(N, H // f, f, W // f, f, C).sum(axis=(2, 4))


class PointwiseConvRepaired:
    def __init__(self, cin, cout, rs):
        self.K = rs.randn(cin, cout) * 0.5
        self.B = rs.randn(cout) * 0.1

    def forward(self, x):
        self.x = x
        return x @ self.K + self.B

    def backward(self, dy):
        self.dK = np.einsum("nhwi,nhwo->io", self.x, dy)
        self.dB = np.einsum("nhwo->o", dy)
        return dy @ self.K.T


class DecoderBlockRepaired:
    def __init__(self, cin, cout):
        self.up = UpSampleRepaired()
        self.conv = PointwiseConvRepaired(cin, cout, np.random.RandomState(66))

    def forward(self, x):
        return self.conv.forward(self.up.forward(x))

    def backward(self, dy):
        return self.up.backward(self.conv.backward(dy))


def _x():
    return (np.random.RandomState(1).randn(2, 3, 4, 5),)


def faulty():
    return {"subject": DecoderBlock(5, 3), "inputs": _x()}


def correct():
    return {"subject": DecoderBlockRepaired(5, 3), "inputs": _x()}
