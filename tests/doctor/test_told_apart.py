"""Causes that look alike: a transpose and a scale, a transpose and a flip, a hidden state and a cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from findings import only

import chainrule

Array = np.ndarray
RNG = np.random.default_rng(31)


class Depthwise:
    """(batch, time, channels), one kernel (width, channels): what goes back sees it reversed."""

    def __init__(self, flips: bool) -> None:
        self.kernel, self.flips = RNG.normal(size=(3, 4)), flips

    def _correlate(self, x: Array, taps: Array) -> Array:
        padded = np.pad(x, ((0, 0), (1, 1), (0, 0)))
        return sum(padded[:, k : k + x.shape[1]] * taps[k] for k in range(3))

    def forward(self, x: Array) -> Array:
        self.x = x
        return self._correlate(x, self.kernel)

    def backward(self, g: Array) -> Array:
        padded = np.pad(self.x, ((0, 0), (1, 1), (0, 0)))
        self.dkernel = np.stack([(padded[:, k : k + g.shape[1]] * g).sum((0, 1)) for k in range(3)])
        return self._correlate(g, self.kernel[::-1] if self.flips else self.kernel)


def rms_norm(x: Array, gain: Array) -> tuple[Array, Any]:
    inv = 1 / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + 1e-6)
    xn = x * inv
    return xn * gain, (xn, inv, gain)


def gain_inside(dy: Array, cache: Any) -> tuple[Array, Array]:
    """The gain belongs to what arrives, before the mean is taken."""
    xn, inv, gain = cache
    d = dy * gain
    return inv * (d - xn * np.mean(d * xn, axis=-1, keepdims=True)), (dy * xn).sum(0)


def gain_outside(dy: Array, cache: Any) -> tuple[Array, Array]:
    xn, inv, gain = cache
    dx = gain * inv * (dy - xn * np.mean(dy * xn, axis=-1, keepdims=True))
    return dx, (dy * xn).sum(0)


class Rms:
    def __init__(self, inside: bool) -> None:
        self.gain, self.V = 1 + RNG.normal(size=5) / 3, RNG.normal(size=(5, 3))
        self.norm_back = gain_inside if inside else gain_outside

    def forward(self, x: Array) -> Array:
        self.h, self.cache = rms_norm(x, self.gain)
        return self.h @ self.V

    def backward(self, dy: Array) -> Array:
        self.dV, dh = self.h.T @ dy, dy @ self.V.T
        dx, self.dgain = self.norm_back(dh, self.cache)
        return dx


class Scan:
    """s = a s + u[t]: the only state there is, multiplied as a cell would be."""

    def __init__(self, carries: bool) -> None:
        self.a, self.C, self.carries = RNG.uniform(0.3, 0.9, size=4), RNG.normal(size=(4, 2)), carries

    def forward(self, u: Array) -> Array:
        self.S, s = np.zeros_like(u), np.zeros(u.shape[1:])
        for t in range(len(u)):
            s = self.a * s + u[t]
            self.S[t] = s
        return self.S @ self.C

    def backward(self, dy: Array) -> Array:
        self.dC = np.einsum("tbn,tbo->no", self.S, dy)
        dS = dy @ self.C.T
        lam, run = np.zeros_like(dS), np.zeros(dS.shape[1:])
        for t in range(len(dS) - 1, -1, -1):
            run = dS[t] + (self.a * run if self.carries else 0)
            lam[t] = run
        self.da = (lam[1:] * self.S[:-1]).sum((0, 1))
        return lam


CASES = [
    (Depthwise, (2, 6, 4), "kernel-not-flipped"),
    (Rms, (4, 5), "norm-scale-dropped"),
    (Scan, (5, 3, 4), "hidden-gradient-dropped"),
]


@pytest.mark.parametrize(("made", "shape", "code"), CASES)
def test_each_by_its_own_name(made: Any, shape: tuple[int, ...], code: str) -> None:
    x = RNG.normal(size=shape)
    assert only(made(False), x).code == code
    assert chainrule.check(made(True), x).ok


def contrastive(dist: Array, same: Array) -> float:
    return float(np.mean(same * dist**2 + (1 - same) * np.maximum(2 - dist, 0) ** 2))


def contrastive_grad(dist: Array, same: Array) -> Array:
    return 2 * (same * dist - (1 - same) * np.maximum(2 - dist, 0)) / len(dist)


def test_a_distance_is_no_gradient_by_its_name() -> None:
    """That `dist` begins with d does not make it what arrives from above."""

    class Distance:
        def __init__(self, right: bool) -> None:
            self.W, self.right = RNG.normal(size=(4, 3)), right

        def forward(self, x: Array) -> Array:
            self.x, self.z = x, x @ self.W
            return np.sqrt((self.z**2).sum(1))

        def backward(self, d: Array) -> Array:
            dz = (d / (np.sqrt((self.z**2).sum(1)) if self.right else 1))[:, None] * self.z
            self.dW = self.x.T @ dz
            return dz @ self.W.T

    x, given = RNG.normal(size=(3, 4)), {"loss": (contrastive, contrastive_grad), "target": np.eye(3)[0]}
    assert chainrule.check(Distance(True), x, **given).ok
    finding = only(Distance(False), x, **given)
    assert finding.where == ""
    assert finding.code != "backward-raises"
