"""What backward returns, and to what it belongs; what is said of gradients that no finding explains."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from findings import only

import chainrule
from chainrule.layers import Layer, Linear

Array = np.ndarray
RNG = np.random.default_rng(5)
X, W, B = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 2)), RNG.normal(size=2)


def dense(params: dict[str, Array], x: Array) -> tuple[Array, tuple[dict[str, Array], Array]]:
    return x @ params["W"] + params["b"], (params, x)


def weights_last(dy: Array, cache: Any) -> tuple[Array, dict[str, Array]]:
    params, x = cache
    return dy @ params["W"].T, {"W": x.T @ dy, "b": dy.sum(0)}


def weights_last_signed(dy: Array, cache: Any) -> tuple[Array, dict[str, Array]]:
    dx, grads = weights_last(dy, cache)
    return dx, grads | {"b": -grads["b"]}


def test_a_dict_of_weights_and_an_array_are_told_apart_in_any_order() -> None:
    report = chainrule.check((dense, weights_last), {"W": W, "b": B}, X)
    assert report.ok
    assert sorted(report.tested) == ["params.W", "params.b", "x"]
    finding = only((dense, weights_last_signed), {"W": W, "b": B}, X)
    assert (finding.code, finding.targets) == ("sign-flipped", ["params.b"])


class KerasDense:
    """`call` and `compute_gradients`, as layers of Keras and of small frameworks after it are written."""

    def __init__(self, sign: float = 1.0) -> None:
        self.W, self.sign = W.copy(), sign

    def call(self, inputs: Array) -> Array:
        self.inputs = inputs
        return inputs @ self.W

    def compute_gradients(self, dy: Array) -> Array:
        self.dW = self.sign * self.inputs.T @ dy
        return dy @ self.W.T


def test_the_names_of_keras() -> None:
    assert sorted(chainrule.check(KerasDense(), X).tested) == ["W", "inputs"]
    finding = only(KerasDense(sign=-1.0), X)
    assert (finding.code, finding.target) == ("sign-flipped", "W")


class Forgetful(Linear):
    """A Layer of ours whose backward returns None, although its input moves the output."""

    def backward(self, dy: Array, cache: Any) -> Any:
        super().backward(dy, cache)
        return None


class Foreign:
    """Anybody's first layer needs no gradient of its input."""

    def __init__(self) -> None:
        self.W = W.copy()

    def forward(self, x: Array) -> Array:
        self.x = x
        return x @ self.W

    def backward(self, dy: Array) -> None:
        self.dW = self.x.T @ dy


def test_a_layer_of_ours_promises_a_gradient_of_its_input() -> None:
    layer: Layer = Forgetful(3, 2)
    finding = only(layer, X.astype(np.float32))
    assert (finding.code, finding.verified) == ("gradient-never-computed", True)
    report = chainrule.check(Foreign(), X)
    assert report.ok
    assert report.tested == ["W"]


class TwoFaults:
    """A sign, which is proved, and a weight whose gradient nothing explains."""

    def __init__(self, second: bool) -> None:
        self.A, self.C, self.second = W.copy(), W[::-1].copy(), second

    def forward(self, x: Array) -> Array:
        self.x = x
        return x @ self.A + np.sin(x) @ self.C

    def backward(self, dy: Array) -> Array:
        self.dA = -self.x.T @ dy
        odd = self.x**3 + 0.2 * np.roll(self.x, 1, 0) if self.second else np.sin(self.x)
        self.dC = odd.T @ dy
        return dy @ self.A.T + np.cos(self.x) * (dy @ self.C.T)


@pytest.mark.parametrize("second", [True, False])
def test_what_is_wrong_beside_a_proved_fault_is_said(second: bool) -> None:
    report = chainrule.check(TwoFaults(second), X)
    top = report.findings[0]
    assert (top.code, top.target, top.verified) == ("sign-flipped", "A", True)
    unexplained = report.also_wrong + [t for f in report.findings[1:] for t in f.targets]
    assert unexplained == (["C"] if second else [])
    assert ("wrong, too: C" in str(report)) is bool(report.also_wrong)
    assert report.to_dict()["also_wrong"] == report.also_wrong
