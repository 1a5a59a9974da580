"""Where a forward that its own backward agrees with is wrong: the statement, not only the function."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from findings import only, text

import chainrule


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=shape)


class Linear:
    def __init__(self) -> None:
        self.W = np.random.default_rng(0).normal(size=(4, 1))

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        y: np.ndarray = x @ self.W
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.dW = self.x.T @ dy
        dx: np.ndarray = dy @ self.W.T
        return dx


def mse(p: np.ndarray, t: np.ndarray) -> tuple[float, np.ndarray]:
    n = len(t)
    difference = p - t
    return float((difference**2).mean()), 2 * difference.sum(1, keepdims=True) / n**2


def error(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    e = y_true - y_pred
    return float((e**2).mean())


def error_gradient(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    return 2 * (y_pred - y_true) / y_true.size


class Criterion:
    def forward(self, p: np.ndarray, t: np.ndarray) -> float:
        self.d = t - p
        return float((self.d**2).mean())

    def backward(self) -> np.ndarray:
        d: np.ndarray = -2 * self.d.sum(1, keepdims=True) / self.d.size
        return d


@pytest.mark.parametrize(
    ("loss", "line"),
    [
        (mse, "difference = p - t"),
        ((error, error_gradient), "e = y_true - y_pred"),
        (Criterion(), "self.d = t - p"),
    ],
)
def test_the_statement_of_the_loss_that_makes_a_square(loss: Any, line: str) -> None:
    finding = only(Linear(), normal(6, 4), loss=loss, target=normal(6))
    assert finding.code == "broadcast-collapsed"
    assert text(finding) == line


def flipped(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    return 2 * (y_true - y_pred) / y_true.size


def test_a_loss_that_takes_the_target_first_is_checked_in_its_order() -> None:
    finding = only(Linear(), normal(6, 4), loss=(error, flipped), target=normal(6, 1))
    assert (finding.code, finding.where) == ("sign-flipped", "loss")


def absolute(p: np.ndarray, t: np.ndarray) -> float:
    return float(np.abs(p - t).mean())


def absolute_gradient(p: np.ndarray, t: np.ndarray) -> np.ndarray:
    return np.sign(p - t) / p.size**2


def test_where_all_numbers_have_one_size_a_factor_is_no_limit() -> None:
    finding = only(Linear(), normal(6, 4), loss=(absolute, absolute_gradient), target=normal(6, 1))
    assert finding.code == "mean-sum-mismatch"


class Recurrent:
    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.W, self.U = rng.normal(size=(3, 4)), 0.3 * rng.normal(size=(4, 4))
        self.h: Any = 0.0

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        state = self.h
        self.states = [state]
        for t in range(x.shape[1]):
            state = np.tanh(x[:, t] @ self.W + state @ self.U if np.ndim(state) else x[:, t] @ self.W)
            self.states.append(state)
        self.h = state
        return np.stack(self.states[1:], 1)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.dW, self.dU, dx = np.zeros_like(self.W), np.zeros_like(self.U), np.zeros_like(self.x)
        carried: Any = 0.0
        for t in reversed(range(dy.shape[1])):
            dz = (dy[:, t] + carried) * (1 - self.states[t + 1] ** 2)
            self.dW += self.x[:, t].T @ dz
            self.dU += self.states[t].T @ dz if t or np.ndim(self.states[0]) else 0.0
            dx[:, t], carried = dz @ self.W.T, dz @ self.U.T
        return dx


def test_the_statement_that_reads_what_is_carried_over() -> None:
    finding = next(
        f for f in chainrule.check(Recurrent(), normal(2, 5, 3)).findings if f.code == "state-carried-over"
    )
    assert text(finding) == "state = self.h"


class CausalWindow:
    """Each step is the mean of all steps up to itself, times W."""

    def __init__(self) -> None:
        self.W = np.random.default_rng(0).normal(size=(3, 4))

    def mask(self, steps: int) -> np.ndarray:
        return np.tril(np.ones((steps, steps)), k=1)

    def forward(self, x: np.ndarray) -> np.ndarray:
        mask = self.mask(x.shape[1])
        self.mean = (mask / mask.sum(1, keepdims=True)) @ x
        y: np.ndarray = self.mean @ self.W
        return y

    def backward(self, dy: np.ndarray) -> None:
        self.dW = np.einsum("bti,bto->io", self.mean, dy)


class CausalTaps(CausalWindow):
    """A convolution that should be padded on the left alone."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        padding = 2
        left = padding // 2
        wide = np.pad(x, ((0, 0), (left, padding - left), (0, 0)))
        self.mean = wide[:, :-2] + 2 * wide[:, 1:-1] + 3 * wide[:, 2:]
        y: np.ndarray = self.mean @ self.W
        return y


@pytest.mark.parametrize(
    ("layer", "line"),
    [(CausalWindow, "return np.tril(np.ones((steps, steps)), k=1)"), (CausalTaps, "left = padding // 2")],
)
def test_the_constant_by_which_the_future_is_seen(layer: type, line: str) -> None:
    finding = only(layer(), normal(2, 6, 3))
    assert finding.code == "causal-leak"
    assert text(finding) == line
    assert finding.fix.startswith("- ")


class Shares:
    """Softmax over the features, and a mean that is taken over the samples."""

    def __init__(self) -> None:
        self.W = np.random.default_rng(0).normal(size=(3, 4))

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        scores = x @ self.W
        e = np.exp(scores - scores.max())
        p = e / e.sum(axis=1, keepdims=True)
        self.top = p.max(axis=0)
        y: np.ndarray = p / self.top
        return y

    def backward(self, dy: np.ndarray) -> None:
        self.dW = np.zeros_like(self.W)


def test_a_shift_that_cancels_out_mixes_no_samples() -> None:
    report = chainrule.check(Shares(), normal(5, 3))
    (finding,) = [f for f in report.findings if f.code == "batch-leak"]
    assert text(finding) == "self.top = p.max(axis=0)"
