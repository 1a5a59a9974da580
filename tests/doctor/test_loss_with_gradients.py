"""Functions and methods that return a loss together with gradients, and backwards that begin at a loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule import check

RNG = np.random.default_rng(0)
X, SCORES, LABELS = RNG.normal(size=(4, 5)), RNG.normal(size=(4, 3)), np.array([0, 2, 1, 2])
ONE_HOT = np.eye(3)[LABELS]


def _softmax(z: Any) -> Any:
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def softmax_loss(x: Any, y: Any) -> Any:
    p = _softmax(x)
    n = len(x)
    loss = -np.log(p[np.arange(n), y]).mean()
    dx = p.copy()
    dx[np.arange(n), y] -= 1
    return loss, dx / n


def mse(pred: Any, target: Any) -> Any:
    error = pred - target
    loss = np.mean(error**2)
    grad = 2 * error / len(error)
    return loss, grad


def propagate(w: Any, b: Any, X: Any, Y: Any) -> Any:
    a = 1 / (1 + np.exp(-(w.T @ X + b)))
    m = X.shape[1]
    cost = -np.mean(Y * np.log(a) + (1 - Y) * np.log(1 - a))
    grads = {"dw": X @ (a - Y).T / m, "db": np.sum(a - Y, axis=1, keepdims=True) / m}
    return grads, cost


def undivided(w: Any, b: Any, X: Any, Y: Any) -> Any:
    a = 1 / (1 + np.exp(-(w.T @ X + b)))
    cost = -np.mean(Y * np.log(a) + (1 - Y) * np.log(1 - a))
    grads = {"dw": X @ (a - Y).T, "db": np.sum(a - Y, axis=1, keepdims=True) / X.shape[1]}
    return grads, cost


class Network:
    """loss, grads = loss(X, y)"""

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        self.params = {"W1": rng.normal(size=(5, 6)), "W2": rng.normal(size=(6, 3))}

    def loss(self, X: Any, y: Any = None, reg: float = 0.0) -> Any:
        W1, W2 = self.params["W1"], self.params["W2"]
        h = np.tanh(X @ W1)
        p = _softmax(h @ W2)
        if y is None:
            return p
        loss = -np.log(p[np.arange(len(X)), y]).mean() + reg * np.sum(W1 * W1)
        d = (p - np.eye(3)[y]) / len(X)
        grads = {"W2": h.T @ d, "W1": X.T @ (d @ W2.T * self.slope(h)) + 2 * reg * W1}
        return loss, grads

    def slope(self, h: Any) -> Any:
        return 1 - h**2


class Negative(Network):
    def slope(self, h: Any) -> Any:
        return h**2 - 1


class Begun:
    """backward(X, y, output) leaves its gradients beside the weights."""

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        self.W1, self.W2 = rng.normal(size=(5, 6)), rng.normal(size=(6, 3))

    def forward(self, X: Any) -> Any:
        self.h = np.tanh(X @ self.W1)
        return self.h @ self.W2

    def loss(self, X: Any, y: Any) -> Any:
        return 0.5 * np.sum((self.forward(X) - y) ** 2)

    def backward(self, X: Any, y: Any, output: Any) -> None:
        d = output - y
        self.dW2 = self.h.T @ d
        self.dW1 = X.T @ (d @ self.W2.T * (1 - self.h**2))


class Stepping(Begun):
    def backward(self, X: Any, y: Any, output: Any, lr: float) -> None:  # type: ignore[override]
        super().backward(X, y, output)
        self.W1 -= lr * self.dW1
        self.W2 = self.W2 - lr * self.dW2


class WithoutRate(Begun):
    def backward(self, X: Any, y: Any, output: Any) -> None:
        d = output - y
        first = X.T @ (d @ self.W2.T * (1 - self.h**2))
        self.W2 -= self.h.T @ d
        self.W1 -= first


class WithoutLoss:
    forward, backward, __init__ = Begun.forward, Begun.backward, Begun.__init__


W, B, COLUMNS = RNG.normal(size=(5, 1)), RNG.normal(size=(1, 1)), RNG.normal(size=(5, 4))
Y = np.array([[0.0, 1.0, 1.0, 0.0]])


@pytest.mark.parametrize(
    ("subject", "inputs", "tested"),
    [
        (softmax_loss, (SCORES, LABELS), ["x"]),
        (propagate, (W, B, COLUMNS, Y), ["w", "b"]),
        (Network(), (X, LABELS), ["params.W1", "params.W2"]),
        (Network().loss, (X, LABELS, 0.1), ["params.W1", "params.W2"]),
        (Begun(), (X, ONE_HOT), ["params.W1", "params.W2"]),
        (Stepping(), (X, ONE_HOT), ["params.W1", "params.W2"]),
        (WithoutRate(), (X, ONE_HOT), ["params.W1", "params.W2"]),
        (WithoutLoss(), (X, ONE_HOT), ["params.W1", "params.W2"]),
    ],
)
def test_right_ones_are_checked(subject: Any, inputs: tuple[Any, ...], tested: list[str]) -> None:
    report = check(subject, *inputs)
    assert report.ok, report
    assert report.tested == tested


@pytest.mark.parametrize(
    ("subject", "inputs", "code", "target"),
    [
        (mse, (SCORES, ONE_HOT), "mean-sum-mismatch", "pred"),
        (undivided, (W, B, COLUMNS, Y), "mean-sum-mismatch", "w"),
        (Negative(), (X, LABELS), "sign-flipped", "params.W1"),
    ],
)
def test_faults_are_named(subject: Any, inputs: tuple[Any, ...], code: str, target: str) -> None:
    found = check(subject, *inputs).findings[0]
    assert (found.code, target in found.targets) == (code, True)


def test_arguments_of_the_method_may_have_names() -> None:
    assert check(Network().loss, X, LABELS, reg=0.1).ok


def test_weights_stay_as_they_were() -> None:
    model = Stepping()
    before = model.W1.copy(), model.W2.copy()
    check(model, X, ONE_HOT)
    assert np.array_equal(model.W1, before[0])
    assert np.array_equal(model.W2, before[1])


def test_missing_labels_are_said() -> None:
    with pytest.raises(TypeError, match="hand in the labels as well"):
        check(Network().loss, X)
