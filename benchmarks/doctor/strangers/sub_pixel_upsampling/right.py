import numpy as np


class PixelShuffle:
    """Sub-pixel up-sampling: (N, C r r, H, W) -> (N, C, H r, W r)."""

    def __init__(self, r):
        self.r = r

    def forward(self, x):
        r = self.r
        N, Crr, H, W = x.shape
        C = Crr // (r * r)
        self.in_shape = x.shape
        y = x.reshape(N, C, r, r, H, W)
        y = y.transpose(0, 1, 4, 2, 5, 3)
        return y.reshape(N, C, H * r, W * r)

    def backward(self, dy):
        r = self.r
        N, Crr, H, W = self.in_shape
        d = dy.reshape(N, Crr // (r * r), H, r, W, r)
        d = d.transpose(0, 1, 3, 5, 2, 4)
        return d.reshape(self.in_shape)
