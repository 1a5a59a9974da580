import numpy as np


class LockedDropout:
    """Variational dropout for (T, B, D) sequences: one mask per sequence, the same at every step."""

    def __init__(self, p=0.4, seed=0):
        self.p = p
        self.rng = np.random.default_rng(seed)
        self.training = True

    def _draw(self, shape):
        T, B, D = shape
        return (self.rng.random((1, B, D)) >= self.p) / (1.0 - self.p)

    def forward(self, x):
        if not self.training or self.p == 0:
            self.mask = np.ones((1,) + x.shape[1:])
            return x.copy()
        self.mask = self._draw(x.shape)
        return x * self.mask

    def backward(self, dout):
        if not self.training or self.p == 0:
            return dout.copy()
        return dout * self.mask
