"""The right numbers in the wrong order; J g for J.T g; the mean over copies."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from protocol import normal

import chainrule
from chainrule.doctor.experiments.order import axes_of, places


@pytest.mark.parametrize("order", [p for p in itertools.permutations(range(4)) if p != (0, 1, 2, 3)])
def test_every_exchange_of_axes_is_recognized_from_the_numbers_alone(order: tuple[int, ...]) -> None:
    n = normal(2, 3, 4, 5)
    shape, steps = axes_of(places(n.transpose(order), n))
    assert np.prod(shape) == n.size
    assert sorted(steps)[0] == 1


def test_other_orders_are_no_exchange_of_axes() -> None:
    n = normal(4, 6)
    for a in (n, n[::-1], np.roll(n, 1, 0), n.ravel()[np.random.default_rng(0).permutation(24)]):
        assert axes_of(places(a, n)) == ((), ())
    assert places(n + 1, n) is None
    assert places(np.zeros(8), np.zeros(8)) is None


class Shuffle:
    """(batch, 4 channels, height, width) to (batch, channels, 2 height, 2 width)"""

    def forward(self, x: np.ndarray) -> np.ndarray:
        b, c, h, w = self.shape = x.shape
        return x.reshape(b, c // 4, 2, 2, h, w).transpose(0, 1, 4, 2, 5, 3).reshape(b, c // 4, 2 * h, 2 * w)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return dy.reshape(self.shape)


class Windows:
    def forward(self, x: np.ndarray) -> np.ndarray:
        b, h, w, c = self.shape = x.shape
        windows = x.reshape(b, h // 2, 2, w // 3, 3, c).swapaxes(2, 3).reshape(-1, 6, c)
        self.y: np.ndarray = np.tanh(windows)
        return self.y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dwindows = dy * (1 - self.y**2)
        return dwindows.reshape(self.shape)


@pytest.mark.parametrize(("layer", "x"), [(Shuffle(), normal(2, 8, 2, 3)), (Windows(), normal(2, 4, 6, 3))])
def test_a_bare_reshape_of_patches_is_named(layer: Any, x: np.ndarray) -> None:
    report = chainrule.check(layer, x)
    assert [f.code for f in report.findings] == ["reshape-for-transpose"], report
    assert report.findings[0].verified


def rotated(x: np.ndarray, angle: np.ndarray) -> np.ndarray:
    a, b = np.split(x, 2, -1)
    return np.concatenate([a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)], -1)


class Rotary:
    def __init__(self) -> None:
        self.W, self.angle = normal(3, 6), np.arange(5)[:, None] * np.array([1.0, 0.3, 0.1])

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return rotated(x @ self.W, self.angle)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dq = rotated(dy, self.angle)
        self.dW = np.einsum("bti,btj->ij", self.x, dq)
        return dq @ self.W.T


def test_a_rotation_that_is_done_once_more_instead_of_undone() -> None:
    report = chainrule.check(Rotary(), normal(2, 5, 3))
    assert report.findings[0].code in ("transpose-missing", "sign-flipped"), report
    assert report.findings[0].verified


class SharedKeys:
    """Keys that are repeated for every head; backward takes the mean over the heads."""

    def __init__(self) -> None:
        self.W = normal(4, 2)

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x, self.k = x, np.tile(x @ self.W, (1, 1, 3))
        return np.sin(self.k)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dk = (dy * np.cos(self.k)).reshape(*dy.shape[:2], 3, 2).mean(2)
        self.dW = np.einsum("bti,btj->ij", self.x, dk)
        return dk @ self.W.T


class Scaled:
    def __init__(self) -> None:
        self.gamma = normal(4)

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return x * self.gamma

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.dgamma = (dy * self.x).mean(0)
        return dy * self.gamma


def test_the_mean_over_copies_and_the_mean_over_samples() -> None:
    assert chainrule.check(SharedKeys(), normal(2, 5, 4)).findings[0].code == "broadcast-not-summed"
    assert chainrule.check(Scaled(), normal(5, 4)).findings[0].code == "mean-sum-mismatch"
