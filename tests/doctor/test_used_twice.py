"""One layer used twice in a forward."""

from __future__ import annotations

import numpy as np
import pytest
from findings import only


class Dense:
    """Every backward writes dW anew; forward's second call overwrites x."""

    def __init__(self) -> None:
        self.W = np.random.default_rng(0).normal(size=(4, 4))

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return x @ self.W

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.dW = self.x.T @ dy
        return dy @ self.W.T


class Stacking(Dense):
    """It keeps the x of every call."""

    def __init__(self) -> None:
        super().__init__()
        self.xs: list[np.ndarray] = []

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.xs.append(x)
        return x @ self.W

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.dW = self.xs.pop().T @ dy
        return dy @ self.W.T


class Twice:
    def __init__(self, layer: Dense) -> None:
        self.layer = layer

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.h = np.tanh(self.layer.forward(x))
        return self.layer.forward(self.h)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dh = self.layer.backward(dy)
        return self.layer.backward(dh * (1 - self.h**2))


@pytest.mark.parametrize("layer", [Dense, Stacking])
def test_each_use_writes_anew(layer: type[Dense]) -> None:
    finding = only(Twice(layer()), np.random.default_rng(1).normal(size=(3, 4)))
    assert (finding.code, finding.verified, finding.where) == ("tied-weight-lost", True, "layer")
    assert ("overwrites them, too" in finding.detail) is (layer is Dense)
