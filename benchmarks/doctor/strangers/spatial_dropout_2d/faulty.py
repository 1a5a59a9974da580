import numpy as np


class SpatialDropout2D:
    """Drops whole feature maps of (N, C, H, W)."""

    def __init__(self, rate=0.3, seed=0):
        self.keep = 1.0 - rate
        self.rng = np.random.default_rng(seed)
        self.scale = None

    def forward(self, x, training=True):
        if training:
            kept = self.rng.random(x.shape[:2] + (1, 1)) < self.keep
            self.scale = kept / self.keep
        else:
            self.scale = self.keep
        return x * self.scale

    def backward(self, dy):
        return dy * self.scale


class ConvHead:
    """1 x 1 convolution, spatial dropout, global average."""

    def __init__(self, c_in, c_mid, rate=0.3, seed=0):
        self.W = np.random.default_rng(seed).normal(0, c_in ** -0.5, (c_mid, c_in))
        self.drop = SpatialDropout2D(rate, seed + 1)

    def forward(self, x, training=True):
        self.x = x
        self.y = self.drop.forward(np.einsum("oc,nchw->nohw", self.W, x), training=training)
        return self.y.mean(axis=(2, 3))

    def backward(self, dout):
        H, W = self.x.shape[2:]
        dy = np.broadcast_to(dout[:, :, None, None] / (H * W), self.y.shape)
        dz = self.drop.backward(dy)
        self.dW = np.einsum("nohw,nchw->oc", dz, self.x)
        return np.einsum("oc,nohw->nchw", self.W, dz)
