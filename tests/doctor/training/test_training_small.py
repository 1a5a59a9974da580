"""What is small: a learning rate of next to nothing, a few dead units; and a list without contradictions."""

from __future__ import annotations

import numpy as np
from healthy import Stepping, data

import chainrule


def test_a_learning_rate_of_next_to_nothing() -> None:
    setup = data()
    report = chainrule.check_training(Stepping((10, 24, 4)), learning_rate=1e-9, **setup)
    assert [f.code for f in report.findings] == ["update-ratio-off"]
    assert report.findings[0].verified
    assert "update-ratio-off" not in report.tested
    assert "update-disagrees" in report.tested


class Linear:
    def __init__(self, rng: np.random.Generator, n: int, m: int) -> None:
        self.W, self.b = rng.normal(size=(n, m)) * np.sqrt(2 / n), np.zeros(m)

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.dW, self.db = self.x.T @ dy, dy.sum(0)
        return dy @ self.W.T


class ReLU:
    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return np.maximum(x, 0)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return dy * (self.x > 0)


class Net(Stepping):
    def __init__(self, dead: int) -> None:
        rng = np.random.default_rng(0)
        self.layers = [Linear(rng, 10, 16), ReLU(), Linear(rng, 16, 4)]
        self.layers[0].b[:dead] = -100

    def forward(self, x: np.ndarray) -> np.ndarray:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, d: np.ndarray) -> np.ndarray:
        for layer in reversed(self.layers):
            d = layer.backward(d)
        return d

    def apply(self, rate: float) -> None:
        for layer in (self.layers[0], self.layers[2]):
            layer.W -= rate * layer.dW
            layer.b -= rate * layer.db


def test_some_dead_units_are_said() -> None:
    report = chainrule.check_training(Net(dead=6), learning_rate=0.1, **data())
    assert report.ok
    assert any("dead-units: 6 of 16 units" in line and "6 at the start" in line for line in report.not_tested)
    assert chainrule.check_training(Net(dead=0), learning_rate=0.1, **data()).not_tested == []
