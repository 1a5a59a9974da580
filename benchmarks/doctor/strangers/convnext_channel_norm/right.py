import numpy as np


class ChannelLayerNorm2d:
    """Layer norm over the channel axis of (N, C, H, W), as in ConvNeXt."""

    def __init__(self, c, eps=1e-6):
        self.eps = eps
        self.w = np.ones((c, 1, 1))
        self.b = np.zeros((c, 1, 1))

    def forward(self, x):
        mu = x.mean(1, keepdims=True)
        var = x.var(1, keepdims=True)
        self.rstd = (var + self.eps) ** -0.5
        self.n = (x - mu) * self.rstd
        return self.w * self.n + self.b

    def backward(self, g):
        self.gw = (g * self.n).sum((0, 2, 3)).reshape(self.w.shape)
        self.gb = g.sum((0, 2, 3)).reshape(self.b.shape)
        d = self.w * g
        d = d - d.mean(1, keepdims=True) - self.n * (d * self.n).mean(1, keepdims=True)
        return self.rstd * d
