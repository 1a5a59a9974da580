"""Stop 5, the other half: the layer norm that changes its scale before it is done with it."""

# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import numpy as np

from chainrule.functions.arrays import Array


class EarlyLayerNorm:
    """Every position to mean 0 and spread 1, then scaled and shifted."""

    def __init__(self, width: int) -> None:
        self.gamma, self.beta = np.ones(width), np.zeros(width)

    def forward(self, x: Array) -> Array:
        centered = x - x.mean(axis=-1, keepdims=True)
        self.rstd = 1 / np.sqrt((centered**2).mean(axis=-1, keepdims=True) + 1e-5)
        self.xhat = centered * self.rstd
        return self.gamma * self.xhat + self.beta

    def backward(self, dy: Array, lr: float) -> Array:
        self.gamma -= lr * (dy * self.xhat).sum(axis=(0, 1))
        self.beta -= lr * dy.sum(axis=(0, 1))
        dxhat = dy * self.gamma
        along = (dxhat * self.xhat).mean(axis=-1, keepdims=True)
        mean = dxhat.mean(axis=-1, keepdims=True)
        return self.rstd * (dxhat - mean - self.xhat * along)


class LayerNorm:
    """Every position to mean 0 and spread 1, then scaled and shifted."""

    def __init__(self, width: int) -> None:
        self.gamma, self.beta = np.ones(width), np.zeros(width)

    def forward(self, x: Array) -> Array:
        centered = x - x.mean(axis=-1, keepdims=True)
        self.rstd = 1 / np.sqrt((centered**2).mean(axis=-1, keepdims=True) + 1e-5)
        self.xhat = centered * self.rstd
        return self.gamma * self.xhat + self.beta

    def backward(self, dy: Array, lr: float) -> Array:
        dxhat = dy * self.gamma
        along = (dxhat * self.xhat).mean(axis=-1, keepdims=True)
        mean = dxhat.mean(axis=-1, keepdims=True)
        dx = self.rstd * (dxhat - mean - self.xhat * along)
        self.gamma -= lr * (dy * self.xhat).sum(axis=(0, 1))
        self.beta -= lr * dy.sum(axis=(0, 1))
        return dx
