import numpy as np


class TextConv:
    """Kim-style convolution over words: x (B, C, L) with C embedding channels, F filters of width k, then tanh."""

    def __init__(self, C, F, k, seed=0):
        rng = np.random.default_rng(seed)
        self.k = k
        self.W = rng.normal(0, (C * k) ** -0.5, size=(F, C, k))
        self.b = np.zeros(F)

    def forward(self, x):
        self.x = x
        n = x.shape[2] - self.k + 1
        z = np.zeros((x.shape[0], len(self.b), n)) + self.b[None, :, None]
        for c in range(x.shape[1]):
            for i in range(self.k):
                z += self.W[None, :, c, i, None] * x[:, None, c, i:i + n]
        self.y = np.tanh(z)
        return self.y

    def backward(self, dy):
        n = dy.shape[2]
        dz = dy * (1 - self.y ** 2)
        self.dW = np.zeros_like(self.W)
        self.db = dz.sum(axis=(0, 2))
        dx = np.zeros_like(self.x)
        for c in range(self.x.shape[1]):
            for i in range(self.k):
                self.dW[:, c, i] += (dz * self.x[:, None, c, i:i + n]).sum(axis=(0, 2))
                dx[:, c, i:i + n] += (self.W[None, :, c, i, None] * dz).sum(axis=1)
        return dx
