import numpy as np


class DepthwiseConv1d:
    """Each of C channels is filtered by M kernels of its own: (T, B, C) -> (T', B, C * M), time first."""

    def __init__(self, channels, multiplier, width, seed=0):
        rng = np.random.default_rng(seed)
        self.weights = [rng.normal(0, width ** -0.5, (channels, multiplier, width)), np.zeros((channels, multiplier))]
        self.gradients = [np.zeros_like(w) for w in self.weights]

    def forward(self, x):
        k, b = self.weights
        self.x = x
        T = x.shape[0] - k.shape[2] + 1
        y = b + sum(x[i:i + T, :, :, None] * k[:, :, i] for i in range(k.shape[2]))
        return y.reshape(T, x.shape[1], -1)

    def backward(self, dy):
        k, b = self.weights
        T, B, _ = dy.shape
        d = dy.reshape(T, B, *b.shape)
        dx = np.zeros_like(self.x)
        for g in self.gradients:
            g[...] = 0
        for i in range(k.shape[2]):
            self.gradients[0][:, :, i] = np.einsum("tbc,tbcm->cm", self.x[i:i + T], d)
            dx[i:i + T] += (d * k[:, :, i]).sum(axis=3)
        self.gradients[1] += d.sum(axis=(0, 1))
        return dx
