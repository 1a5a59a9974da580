"""What may be handed in as `loss=`, and what is said of what may not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule
from chainrule.doctor.errors import NotASubject

X, TARGET = np.random.default_rng(0).normal(size=(2, 5, 3))


class Dense:
    def __init__(self) -> None:
        self.W = np.random.default_rng(1).normal(size=(3, 3))

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return x @ self.W

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.dW = self.x.T @ dy
        return dy @ self.W.T


def value(y: np.ndarray, target: np.ndarray) -> float:
    return float(((y - target) ** 2).mean())


def gradient(y: np.ndarray, target: np.ndarray) -> np.ndarray:
    return 2 * (y - target) / y.size


def both(y: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
    return value(y, target), gradient(y, target)


def both_but_thrice(y: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
    return value(y, target), 3 * gradient(y, target)


def keras(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    return float(((y_true - y_pred) ** 2).mean())


def keras_gradient(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    return 2 * (y_pred - y_true) / y_pred.size


def cached(y: np.ndarray, target: np.ndarray) -> tuple[float, Any]:
    return value(y, target), (y, target)


def from_cache(cache: Any) -> np.ndarray:
    return gradient(*cache)


class Criterion:
    def forward(self, y: np.ndarray, target: np.ndarray) -> float:
        self.difference = y - target
        return float((self.difference**2).mean())

    def backward(self) -> np.ndarray:
        return 2 * self.difference / self.difference.size


class Cost:
    def loss(self, y: np.ndarray, target: np.ndarray) -> float:
        return value(y, target)

    def gradient(self, y: np.ndarray, target: np.ndarray) -> np.ndarray:
        return gradient(y, target)


@pytest.mark.parametrize(
    "loss",
    [(value, gradient), both, (keras, keras_gradient), (cached, from_cache), Criterion(), Criterion, Cost()],
)
def test_every_usual_form_works(loss: Any) -> None:
    report = chainrule.check(Dense(), X, loss=loss, target=TARGET)
    assert report.ok, report
    assert report.tested == ["x", "W"]


def test_a_wrong_gradient_in_one_function_stands_in_that_function() -> None:
    (finding,) = chainrule.check(Dense(), X, loss=both_but_thrice, target=TARGET).findings
    assert (finding.code, finding.where) == ("mean-sum-mismatch", "loss")
    first = both_but_thrice.__code__.co_firstlineno
    assert finding.line in (first, first + 1)


@pytest.mark.parametrize(
    ("loss", "says"),
    [
        (value, "gives no gradient"),
        ((value, gradient, 1), "not two functions"),
        ((lambda y, target: ((y - target) ** 2).mean(1), gradient), "one number"),
        ((lambda y, target: None, gradient), "one number"),
        (lambda y, target, more: 0.0, "cannot be called"),
        ("mse", "is a str"),
    ],
)
def test_what_cannot_be_used_is_an_error_and_no_finding(loss: Any, says: str) -> None:
    layer = Dense()
    weight = layer.W.copy()
    with pytest.raises(NotASubject, match=says):
        chainrule.check(layer, X, loss=loss, target=TARGET)
    assert np.array_equal(layer.W, weight)


def test_a_forgotten_target_is_asked_for() -> None:
    with pytest.raises(NotASubject, match="target="):
        chainrule.check(Dense(), X, loss=both)
