"""What differs from the numerical gradient and is no fault; and where nothing can be compared."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from findings import only

import chainrule

X = np.random.default_rng(0).normal(size=(6, 5))
IDS = np.array([[0, 1, 3, 2, 0], [2, 2, 5, 0, 3]])
PAD = 2


class Dense:
    def __init__(self, factor: float = 1.0) -> None:
        rng = np.random.default_rng(1)
        self.W, self.b, self.factor = rng.normal(size=(5, 5)), rng.normal(size=5), factor

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.dW, self.db = self.factor * self.x.T @ dy, dy.sum(0)
        return dy @ self.W.T


class Rounded:
    def forward(self, x: np.ndarray) -> np.ndarray:
        return np.round(4 * x) / 4

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return dy


class Relu:
    """It writes into what it is handed."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.mask = x <= 0
        return np.where(self.mask, 0, x)

    def backward(self, dout: np.ndarray) -> np.ndarray:
        dout[self.mask] = 0
        return dout


class Chain:
    def __init__(self, *layers: Any) -> None:
        self.layers = layers

    def forward(self, x: np.ndarray) -> np.ndarray:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy: np.ndarray) -> np.ndarray:
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy


class Embedding:
    def __init__(self) -> None:
        self.W = np.random.default_rng(2).normal(size=(9, 4))

    def forward(self, ids: np.ndarray) -> np.ndarray:
        self.ids = ids
        return self.W[ids]

    def backward(self, dy: np.ndarray) -> None:
        self.dW = np.zeros_like(self.W)
        np.add.at(self.dW, self.ids, dy)
        self.dW[PAD] = 0


class FirstRow(Embedding):
    def backward(self, dy: np.ndarray) -> None:
        super().backward(dy)
        self.dW = np.zeros_like(self.W)
        np.add.at(self.dW, self.ids, dy)
        self.dW[0, :] = 0


def test_straight_through() -> None:
    report = chainrule.check(Rounded(), X)
    assert report.ok, report
    assert "straight-through" in report.not_tested[0]


def test_layers_around_a_straight_through() -> None:
    assert chainrule.check(Chain(Dense(), Rounded(), Dense()), X).ok
    for place in (0, 2):
        layers = [Dense(), Rounded(), Dense()]
        layers[place] = Dense(3.0)
        assert only(Chain(*layers), X).where == f"layers.{place}"


@pytest.mark.parametrize("table", [Embedding, FirstRow])
def test_padding_row(table: type) -> None:
    report = chainrule.check(table(), IDS)
    assert report.ok, report
    assert report.tested == ["W"]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_none(bad: float) -> None:
    x = X.copy()
    x[1, 2] = bad
    for subject in (Dense(), Dense(3.0), Chain(Dense(), Relu())):
        report = chainrule.check(subject, x)
        assert report.ok, report
        assert not report.tested
        assert "x holds" in report.not_tested[0]


def test_in_place_comes_last_and_once() -> None:
    findings = chainrule.check(Chain(Relu(), Dense(), Relu(), Dense(3.0), Relu()), X).findings
    assert [f.code for f in findings] == ["mean-sum-mismatch", "mutates-upstream"]


class CrossEntropy:
    def __init__(self, sign: float = 1.0) -> None:
        self.sign = sign

    def forward(self, x: np.ndarray, t: np.ndarray) -> float:
        e = np.exp(x - x.max(1, keepdims=True))
        self.p, self.t = e / e.sum(1, keepdims=True), t
        return float(-np.log(self.p[np.arange(len(t)), t] + 1e-7).mean())

    def backward(self) -> np.ndarray:
        d = self.p.copy()
        d[np.arange(len(self.t)), self.t] -= 1
        return self.sign * d / len(self.t)


def test_guard_of_a_logarithm() -> None:
    t = np.array([0, 1, 2, 3, 4, 0])
    before = CrossEntropy.forward.__code__
    assert chainrule.check(CrossEntropy(), 6 * X, t).ok
    assert only(CrossEntropy(-1.0), 6 * X, t).code == "sign-flipped"
    assert CrossEntropy.forward.__code__ is before
