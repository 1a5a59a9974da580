"""Layers whose forward calls a method of another name, objects that are called, parameters named g."""

from __future__ import annotations

import numpy as np
import pytest
from findings import only

import chainrule
from chainrule.doctor.objects import backward_of, forward_of

Array = np.ndarray
X = np.random.default_rng(2).normal(size=(5, 4))


class Capa:
    """English names for those who prefer them."""

    def forward(self, x: Array) -> Array:
        return self.adelante(x)

    def backward(self, grad: Array) -> Array:
        """The same."""
        return self.atras(grad)

    def adelante(self, x: Array) -> Array:
        raise NotImplementedError

    def atras(self, grad: Array) -> Array:
        raise NotImplementedError


class Densa(Capa):
    def __init__(self, entradas: int, salidas: int) -> None:
        self.pesos = np.random.default_rng(entradas).normal(size=(entradas, salidas))

    def adelante(self, x: Array) -> Array:
        self.x = x
        return x @ self.pesos

    def atras(self, grad: Array) -> Array:
        self.grad_pesos = self.x.T @ grad
        return grad @ self.pesos.T


class Tangente(Capa):
    def __init__(self, right: bool) -> None:
        self.right = right

    def adelante(self, x: Array) -> Array:
        self.y = np.tanh(x)
        return self.y

    def atras(self, grad: Array) -> Array:
        return grad * (1 - self.y**2) if self.right else grad * (1 - self.y)


class Red(Capa):
    def __init__(self, right: bool = True) -> None:
        self.capas = [Densa(4, 3), Tangente(right), Densa(3, 2)]

    def adelante(self, x: Array) -> Array:
        for capa in self.capas:
            x = capa.adelante(x)
        return x

    def atras(self, grad: Array) -> Array:
        for capa in reversed(self.capas):
            grad = capa.atras(grad)
        return grad


def test_what_runs_is_the_method_that_the_other_hands_over_to() -> None:
    assert (forward_of(Red()), backward_of(Red())) == ("adelante", "atras")


def test_layers_that_are_called_past_their_forward_are_checked_alone() -> None:
    finding = only(Red(right=False), X)
    assert (finding.where, finding.verified) == ("capas.1", True)
    assert finding.code.startswith("activation-derivative-")
    assert chainrule.check(Red(), X).ok


class Value:
    def __init__(self, data: Array) -> None:
        self.data, self.grad = data, np.zeros_like(data)


class Called:
    """A layer that is only called, and has no forward: what it holds are parameters all the same."""

    def __init__(self) -> None:
        self.w = Value(np.random.default_rng(0).normal(size=(4, 3)))

    def __call__(self, x: Array) -> Array:
        return x @ self.w.data


class OfCalled:
    def __init__(self, sign: float) -> None:
        self.first, self.sign = Called(), sign

    def forward(self, x: Array) -> Array:
        self.x = x
        return self.first(x)

    def backward(self, dy: Array) -> Array:
        self.first.w.grad = self.sign * self.x.T @ dy
        return dy @ self.first.w.data.T


def test_objects_that_are_called_are_looked_into() -> None:
    assert sorted(chainrule.check(OfCalled(1.0), X).tested) == ["first.w", "x"]
    assert only(OfCalled(-1.0), X).target == "first.w"


class WeightNorm:
    """y = x W, W = g v / |v|: g is a parameter, dg its gradient."""

    def __init__(self, adds: bool) -> None:
        rng = np.random.default_rng(1)
        self.v, self.g, self.adds = rng.normal(size=(3, 4)), rng.normal(size=3), adds
        self.dg = np.zeros(3)

    def forward(self, x: Array) -> Array:
        self.x, self.norm = x, np.linalg.norm(self.v, axis=1, keepdims=True)
        return x @ (self.g[:, None] * self.v / self.norm).T

    def backward(self, dy: Array) -> Array:
        dW, unit = dy.T @ self.x, self.v / self.norm
        along = (dW * unit).sum(1)
        self.dg = self.dg + along if self.adds else along
        self.dv = self.g[:, None] / self.norm * (dW - along[:, None] * unit)
        return dy @ (self.g[:, None] * unit)


def test_a_parameter_called_g() -> None:
    assert sorted(chainrule.check(WeightNorm(adds=False), X).tested) == ["g", "v", "x"]
    finding = only(WeightNorm(adds=True), X)
    assert (finding.code, finding.target) == ("accumulates-across-calls", "g")
    with open(finding.file, encoding="utf-8") as file:
        assert "self.dg + along" in file.read().splitlines()[finding.line - 1]


@pytest.mark.parametrize("right", [True, False])
def test_a_method_that_does_something_itself_is_no_delegate(right: bool) -> None:
    class Doubling(Densa):
        def forward(self, x: Array) -> Array:
            return 2 * self.adelante(x)

        def backward(self, grad: Array) -> Array:
            return self.atras(2 * grad) if right else self.atras(grad)

    assert chainrule.check(Doubling(4, 3), X).ok is right
