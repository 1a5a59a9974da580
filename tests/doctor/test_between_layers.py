"""What a model does between its layers, and has to undo in its own backward."""

from __future__ import annotations

import numpy as np
import pytest
from findings import only, text

import chainrule
from chainrule.doctor.experiments.activations import ACTIVATIONS, Activation

BENT = [a for a in ACTIVATIONS if a.name != "identity"]
Array = np.ndarray


class Dense:
    def __init__(self, inputs: int, outputs: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.W, self.b = rng.normal(size=(inputs, outputs)), rng.normal(size=outputs)

    def forward(self, x: Array) -> Array:
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy: Array) -> Array:
        self.dW, self.db = self.x.T @ dy, dy.sum(0)
        return dy @ self.W.T


class Net:
    """An activation behind each layer but the last, and in backward its derivative behind those of `kept`."""

    def __init__(self, f: Activation, kept: tuple[int, ...]) -> None:
        self.layers = [Dense(5, 7, 0), Dense(7, 4, 1), Dense(4, 3, 2)]
        self.f, self.kept = f, kept

    def forward(self, x: Array) -> Array:
        self.z = []
        for layer in self.layers[:-1]:
            self.z.append(layer.forward(x))
            x = self.f.f(self.z[-1])
        return self.layers[-1].forward(x)

    def backward(self, dy: Array) -> Array:
        dx = self.layers[-1].backward(dy)
        for i in (1, 0):
            dz = dx * self.f.slope(self.z[i]) if i in self.kept else dx
            dx = self.layers[i].backward(dz)
        return dx


class AtOutput(Net):
    """The slope of tanh is taken where tanh has been."""

    def backward(self, dy: Array) -> Array:
        dx = self.layers[-1].backward(dy)
        for i in (1, 0):
            dx = self.layers[i].backward(dx * self.f.slope(self.f.f(self.z[i])))
        return dx


class Halved(Net):
    """Everything is there, and a factor too much: no derivative is wrong."""

    def backward(self, dy: Array) -> Array:
        dx = self.layers[-1].backward(dy)
        for i in (1, 0):
            dx = self.layers[i].backward(0.3 * dx * self.f.slope(self.z[i]))
        return dx


X = np.random.default_rng(3).normal(size=(6, 5))


@pytest.mark.parametrize("f", BENT, ids=lambda f: f.name)
def test_both_derivatives_are_left_out(f: Activation) -> None:
    finding = only(Net(f, kept=()), X)
    assert (finding.code, finding.verified) == ("activation-derivative-missing", True)
    assert text(finding) == "dx = self.layers[i].backward(dz)"
    assert f.name in finding.detail
    assert "layers.1 and layers.0 return," in finding.detail
    assert finding.fix.startswith(f"dz = da * {f.derivative}\n# z is what layers.1 returned")


@pytest.mark.parametrize("kept", [(0,), (1,)])
def test_one_of_two_is_left_out(kept: tuple[int]) -> None:
    finding = only(Net(BENT[0], kept), X)
    assert (finding.code, finding.verified) == ("activation-derivative-missing", True)
    assert f"layers.{1 - kept[0]} returns," in finding.detail


def test_the_slope_at_another_place() -> None:
    finding = only(AtOutput(BENT[0], ()), X)
    assert (finding.code, finding.verified) == ("activation-derivative-misplaced", True)


def test_another_factor_is_no_wrong_derivative() -> None:
    codes = {f.code for f in chainrule.check(Halved(BENT[0], ()), X).findings}
    assert codes
    assert not [code for code in codes if code.startswith("activation")]


@pytest.mark.parametrize("f", BENT, ids=lambda f: f.name)
def test_all_of_them_are_there(f: Activation) -> None:
    assert chainrule.check(Net(f, kept=(0, 1)), X).ok
