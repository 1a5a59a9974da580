"""A maximum over windows whose gradient goes to another input of the window than the one selected."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from protocol import normal

import chainrule

X = normal(5, 9)  # (batch, length): windows of 3, two apart


def forward(x: np.ndarray) -> tuple[np.ndarray, Any]:
    windows = np.stack([x[:, i : i + 7 : 2] for i in range(3)])  # (3, batch, 4)
    return windows.max(0), (x.shape, windows.argmax(0))


def scattered(dy: np.ndarray, shape: Any, chosen: Any) -> np.ndarray:
    dx = np.zeros(shape)
    for i in range(3):
        dx[:, i : i + 7 : 2] += dy * chosen(i)
    return dx


def test_the_winner_gets_it() -> None:
    assert chainrule.check((forward, lambda dy, c: scattered(dy, c[0], lambda i: c[1] == i)), X).ok


@pytest.mark.parametrize("wrong", ["all others", "the one beside it"])
def test_others_get_it(wrong: str) -> None:
    def backward(dy: np.ndarray, cache: Any) -> np.ndarray:
        shape, winner = cache
        other = (lambda i: winner != i) if wrong == "all others" else (lambda i: (winner + 1) % 3 == i)
        return scattered(dy, shape, other)

    report = chainrule.check((forward, backward), X)
    assert [f.code for f in report.findings] == ["activation-derivative-misplaced"]
    assert report.findings[0].verified


def test_a_window_that_overwrites_is_another_fault() -> None:
    def backward(dy: np.ndarray, cache: Any) -> np.ndarray:
        shape, winner = cache
        dx = np.zeros(shape)
        for i in range(3):
            dx[:, i : i + 7 : 2] = dy * (winner == i)
        return dx

    report = chainrule.check((forward, backward), X)
    assert report.findings[0].code == "overlap-overwritten"
