import numpy as np


class TemporalPyramidPool:
    """Max over 1, 2 and 3 bins of the time axis, concatenated: (B, T, F) -> (B, 6 F)."""

    levels = (1, 2, 3)

    def _bins(self, T):
        for n in self.levels:
            edges = np.linspace(0, T, n + 1).astype(int)
            for lo, hi in zip(edges[:-1], edges[1:]):
                yield lo, hi

    def forward(self, x):
        self.x = x
        return np.concatenate([x[:, lo:hi].max(axis=1) for lo, hi in self._bins(x.shape[1])], axis=1)

    def backward(self, dy):
        B, T, F = self.x.shape
        dx = np.zeros_like(self.x)
        for n, (lo, hi) in enumerate(self._bins(T)):
            g = dy[:, n * F:(n + 1) * F]
            seg = self.x[:, lo:hi]
            hit = seg == seg.max(axis=1, keepdims=True)
            dx[:, lo:hi] += hit * g[:, None, :]
        return dx
