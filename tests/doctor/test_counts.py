"""Constants, counts and coincidences; gates, and forwards that overwrite."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


class MeanOverSteps:
    def forward(self, x: np.ndarray) -> np.ndarray:
        self.steps = x.shape[1]
        return x.mean(axis=1)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return np.repeat(dy[:, None], self.steps, axis=1)


def test_a_mean_that_is_spread_undivided() -> None:
    (finding,) = chainrule.check(MeanOverSteps(), normal(2, 3, 5)).findings
    assert (finding.code, finding.verified) == ("mean-sum-mismatch", True)
    assert "axis 1" in finding.detail


class Gaussian:
    """z = mu + exp(logvar / 2) eps; with 4 samples, the root of the batch is 2 as well."""

    eps = np.array([0.3, -1.2, 0.8])

    def __init__(self) -> None:
        self.W = normal(5, 6, seed=1)

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x, h = x, x @ self.W
        self.std = np.exp(0.5 * h[:, 3:])
        return h[:, :3] + self.std * self.eps

    def backward(self, dz: np.ndarray) -> np.ndarray:
        dh = np.concatenate([dz, dz * self.eps * self.std], axis=1)
        self.dW = self.x.T @ dh
        return dh @ self.W.T


def test_a_half_is_told_from_the_root_of_the_batch() -> None:
    (finding,) = chainrule.check(Gaussian(), normal(4, 5)).findings
    assert finding.code == "mean-sum-mismatch"
    assert "shape" not in finding.fix


def drop_forward(x: np.ndarray, w: np.ndarray, keep: float = 0.8) -> Any:
    mask = np.random.RandomState(0).rand(*w.shape) < keep
    dropped = w * mask / keep
    return x @ dropped, (x, dropped, mask)


def drop_backward(dy: np.ndarray, cache: Any) -> Any:
    x, dropped, mask = cache
    return dy @ dropped.T, x.T @ dy * mask


def test_weights_that_are_dropped() -> None:
    (finding,) = chainrule.check((drop_forward, drop_backward), normal(4, 5), normal(5, 3)).findings
    assert (finding.code, finding.target) == ("dropout-scale-missing", "w")


class Gate:
    """y = x sigmoid(mean(x) W): a mean, and no norm; 1 + exp, and no skip connection."""

    def __init__(self) -> None:
        self.W = normal(4, 4, seed=2)

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x, self.mean = x, x.mean(axis=1)
        self.gate = 1 / (1 + np.exp(-self.mean @ self.W))
        return x * self.gate[:, None]

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dz = (dy * self.x).sum(axis=1) * self.gate * (1 - self.gate)
        self.dW = self.mean.T @ dz
        return dy * self.gate[:, None]


def test_the_way_through_a_gate() -> None:
    (finding,) = chainrule.check(Gate(), normal(2, 3, 4)).findings
    assert (finding.code, finding.verified) == ("branch-overwritten", True)


class OverlapAdd:
    def __init__(self, overwrites: bool) -> None:
        self.overwrites = overwrites

    def forward(self, frames: np.ndarray) -> np.ndarray:
        self.shape = frames.shape
        signal = np.zeros((frames.shape[0], 2 * frames.shape[1] + 1))
        for i in range(frames.shape[1]):
            if self.overwrites:
                signal[:, 2 * i : 2 * i + 3] = frames[:, i]
            else:
                signal[:, 2 * i : 2 * i + 3] += frames[:, i]
        return signal

    def backward(self, dsignal: np.ndarray) -> np.ndarray:
        return np.stack([dsignal[:, 2 * i : 2 * i + 3] for i in range(self.shape[1])], axis=1)


@pytest.mark.parametrize("overwrites", [True, False])
def test_a_forward_that_overwrites_what_backward_adds_up(overwrites: bool) -> None:
    report = chainrule.check(OverlapAdd(overwrites), normal(2, 4, 3))
    assert [f.code for f in report.findings] == (["overlap-overwritten"] if overwrites else [])
    for finding in report.findings:
        assert finding.verified
        assert finding.line == OverlapAdd.forward.__code__.co_firstlineno + 5
