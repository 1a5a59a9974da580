"""The step of a model is checked with its gradient; what should reset gradients is, too."""

from __future__ import annotations

import numpy as np
import pytest
from findings import only, text

import chainrule

RNG = np.random.default_rng(0)
X, T = RNG.normal(size=(6, 4)), RNG.normal(size=(6, 3))


class Array:
    def __init__(self, value: np.ndarray) -> None:
        self.value, self.grad = value, np.zeros_like(value)


class Learner:
    """A dense layer with a slope for negative values; slip: what is wrong with its step."""

    def __init__(self, slip: str = "") -> None:
        self.w, self.alpha = Array(RNG.normal(size=(4, 3))), Array(np.full(3, 0.25))
        self.learned = [self.w] if slip == "forgotten" else [self.w, self.alpha]
        self.sign = -1.0 if slip == "uphill" else 1.0

    def step(self, x: np.ndarray, target: np.ndarray, learning_rate: float) -> float:
        z = x @ self.w.value
        error = np.maximum(z, 0) + self.alpha.value * np.minimum(z, 0) - target
        self.alpha.grad = (error * np.minimum(z, 0)).sum(0)
        self.w.grad = x.T @ (error * np.where(z > 0, 1.0, self.alpha.value))
        for array in self.learned:
            array.value -= self.sign * learning_rate * array.grad
        return float(0.5 * np.sum(error**2))


@pytest.mark.parametrize(
    ("slip", "code"), [("uphill", "update-disagrees"), ("forgotten", "parameter-not-updated")]
)
def test_a_step_is_an_update_too(slip: str, code: str) -> None:
    assert chainrule.check(Learner(), X, target=T).ok
    found = only(Learner(slip), X, target=T)
    assert (found.code, found.verified) == (code, True)


class Dense:
    def __init__(self) -> None:
        self.W, self.b = RNG.normal(size=(4, 3)), RNG.normal(size=3)

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return x @ self.W + self.b


class StepsInBackward(Dense):
    def backward(self, dy: np.ndarray, learning_rate: float) -> np.ndarray:
        dx = dy @ self.W.T
        self.W -= learning_rate * self.x.T @ dy
        self.b -= dy.sum(0)
        return dx


def test_a_step_that_leaves_the_learning_rate_out() -> None:
    found = only(StepsInBackward(), X)
    assert (found.code, found.targets) == ("update-disagrees", ["b"])
    assert text(found) == "self.b -= dy.sum(0)"


class Adds(Dense):
    def __init__(self) -> None:
        super().__init__()
        self.dW, self.db = np.zeros((4, 3)), np.zeros(3)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.dW += self.x.T @ dy
        self.db += dy.sum(0)
        return dy @ self.W.T

    def zero_grad(self) -> None:
        self.dW.fill(0)
        self.db.fill(0)


class Forgets(Adds):
    def zero_grad(self) -> None:
        self.dW.fill(0)


def test_a_reset_that_forgets_a_gradient() -> None:
    assert chainrule.check(Adds(), X).ok
    found = only(Forgets(), X)
    assert (found.code, found.targets) == ("accumulates-across-calls", ["b"])
    assert text(found) == "def zero_grad(self) -> None:"
