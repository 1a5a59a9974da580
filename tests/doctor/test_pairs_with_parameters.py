"""Two functions on weights that they find around them: `params=` says which these are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from findings import only, text

import chainrule
from chainrule.doctor.errors import NotASubject

Array = np.ndarray
RNG = np.random.default_rng(4)
X = RNG.normal(size=(6, 4))


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def in_a_dict(right: bool) -> tuple[Callable[..., Any], Callable[..., Any], Any]:
    """Weights in a nested dict, and gradients in another."""
    w = {
        "first": {"w": RNG.normal(size=(4, 5)), "b": RNG.normal(size=5)},
        "second": {"w": RNG.normal(size=(5, 3))},
    }

    def forward(x: Array) -> Any:
        h = sigmoid(x @ w["first"]["w"] + w["first"]["b"])
        return h @ w["second"]["w"], (x, h)

    def backward(g: Array, residuals: Any) -> Any:
        x, h = residuals
        second = {"w": h.T @ g}
        g = g @ w["second"]["w"].T
        if right:
            g = g * h * (1 - h)
        return g @ w["first"]["w"].T, {"first": {"w": x.T @ g, "b": g.sum(0)}, "second": second}

    return forward, backward, w


def in_a_list(right: bool) -> tuple[Callable[..., Any], Callable[..., Any], Any]:
    """A list of weights, gradients in a list, and a helper that stands around both functions."""
    w = [RNG.normal(size=(4, 5)), RNG.normal(size=(5, 3))]

    def bend(g: Array, h: Array) -> Array:
        return g * h * (1 - h) if right else g * h

    def forward(x: Array) -> Any:
        h = sigmoid(x @ w[0])
        return h @ w[1], (x, h)

    def backward(dy: Array, cache: Any) -> Any:
        x, h = cache
        dz = bend(dy @ w[1].T, h)
        return dz @ w[0].T, [x.T @ dz, h.T @ dy]

    return forward, backward, w


@pytest.mark.parametrize("made", [in_a_dict, in_a_list])
def test_their_gradients_are_checked(made: Callable[..., Any]) -> None:
    forward, backward, w = made(right=True)
    report = chainrule.check((forward, backward), X, params=w)
    assert report.ok
    assert len(report.tested) == 1 + (3 if made is in_a_dict else 2)


def test_faults_are_named_inside_of_closures() -> None:
    forward, backward, w = in_a_dict(right=False)
    finding = only((forward, backward), X, params=w)
    assert (finding.code, finding.verified) == ("activation-derivative-missing", True)
    assert text(finding) == 'g = g @ w["second"]["w"].T'
    forward, backward, w = in_a_list(right=False)
    finding = only((forward, backward), X, params=w)
    assert finding.code.startswith("activation-derivative-")
    assert text(finding).startswith("return g * h * (1 - h) if right else g * h")


def test_params_that_are_no_arrays() -> None:
    forward, backward, _ = in_a_dict(right=True)
    with pytest.raises(NotASubject, match="a list, or a dict"):
        chainrule.check((forward, backward), X, params="W")


def test_gradients_without_a_name_are_no_fault() -> None:
    """Nobody says whose gradients these are; that none was computed is not true."""

    class Odd:
        def __init__(self) -> None:
            self.w = RNG.normal(size=(4, 3))

        def forward(self, x: Array) -> Array:
            self.x = x
            return x @ self.w

        def backward(self, dy: Array) -> dict[str, Array]:
            return {"first": self.x.T @ dy, "second": dy @ self.w.T}

    report = chainrule.check(Odd(), X)
    assert report.ok
    assert any("could not be told whose gradients" in line for line in report.not_tested)
