"""What stops or reverses a gradient on purpose says so, and is no fault; without a word it is one."""

from __future__ import annotations

from typing import Any

import numpy as np
from findings import only

import chainrule

RNG = np.random.default_rng(0)
X, NEXT = RNG.normal(size=(5, 4)), RNG.normal(size=(5, 4))


class GradientReversal:
    def __init__(self, factor: float = 0.7) -> None:
        self.factor = factor

    def forward(self, x: np.ndarray) -> np.ndarray:
        return x * 1.0

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return -self.factor * dy


class Negative:
    def forward(self, x: np.ndarray) -> np.ndarray:
        return x * 1.0

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return -dy


class Dense:
    def __init__(self) -> None:
        self.W = RNG.normal(size=(4, 4))

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return x @ self.W

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.dW = self.x.T @ dy
        return dy @ self.W.T


class Model:
    def __init__(self, middle: Any) -> None:
        self.layers = [Dense(), middle, Dense()]

    def forward(self, x: np.ndarray) -> np.ndarray:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy: np.ndarray) -> np.ndarray:
        for layer in self.layers[::-1]:
            dy = layer.backward(dy)
        return dy


class Bootstrapped:
    """Learns to predict 0.9 times its own best prediction at the next state."""

    def __init__(self) -> None:
        self.W = RNG.normal(size=(4, 3))

    def forward(self, state: np.ndarray, after: np.ndarray) -> float:
        self.state = state
        target = 0.9 * (after @ self.W).max(1, keepdims=True)  # no gradient flows through the target
        self.error = state @ self.W - target
        return float(0.5 * np.sum(self.error**2))

    def backward(self, dloss: float = 1.0) -> np.ndarray:
        self.dW = dloss * self.state.T @ self.error
        return dloss * self.error @ self.W.T


class Silent(Bootstrapped):
    """The same, without a word."""

    def forward(self, state: np.ndarray, after: np.ndarray) -> float:
        self.state = state
        best = 0.9 * (after @ self.W).max(1, keepdims=True)
        self.error = state @ self.W - best
        return float(0.5 * np.sum(self.error**2))


def test_a_layer_of_that_name_may_reverse_the_gradient() -> None:
    report = chainrule.check(GradientReversal(), X)
    assert report.ok
    assert report.not_tested == ["x: the gradient is reversed on purpose (`GradientReversal`)"]
    assert only(Negative(), X).code == "sign-flipped"


def test_a_model_with_such_a_layer_is_checked_layer_by_layer() -> None:
    report = chainrule.check(Model(GradientReversal()), X)
    assert report.ok
    assert report.not_tested[-1].startswith("Model as a whole: layers.1")
    assert only(Model(Negative()), X).where == "layers.1"


def test_a_gradient_is_stopped_where_the_code_says_so() -> None:
    report = chainrule.check(Bootstrapped(), X, NEXT)
    assert report.ok
    words = "# no gradient flows through the target"
    assert f"W: a gradient is stopped on purpose (`{words}`)" in report.not_tested
    assert "W" in only(Silent(), X, NEXT).targets


class Recurrent:
    """The state that is carried to the next batch is detached; inside of a batch it is not."""

    def __init__(self) -> None:
        self.W, self.U = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 3))

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x, self.h = x, [np.zeros((len(x), 3))]
        for t in range(x.shape[1]):
            self.h.append(np.tanh(x[:, t] @ self.W + self.h[-1] @ self.U))
        return np.stack(self.h[1:], 1)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.dW, self.dU, dx = np.zeros((4, 3)), np.zeros((3, 3)), np.zeros_like(self.x)
        for t in reversed(range(dy.shape[1])):
            da = dy[:, t] * (1 - self.h[t + 1] ** 2)
            self.dW += self.x[:, t].T @ da
            self.dU += self.h[t].T @ da
            dx[:, t] = da @ self.W.T
        return dx


def test_a_word_about_batches_excuses_no_step() -> None:
    assert only(Recurrent(), RNG.normal(size=(2, 5, 4))).code == "hidden-gradient-dropped"
