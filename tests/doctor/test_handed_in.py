"""Misuse is said at the border: what was given, what was expected, what to do. Nobody's code is blamed."""

import numpy as np
import pytest

import chainrule
from chainrule.doctor.errors import NotASubject

rng = np.random.default_rng(0)


class Dense:
    def __init__(self, n_in, n_out):
        self.W = rng.normal(size=(n_in, n_out))

    def forward(self, x):
        self.x = np.asarray(x)
        return self.x @ self.W

    def backward(self, dy):
        self.dW = self.x.T @ dy
        return dy @ self.W.T


class Product:
    def forward(self, a, b):
        self.a, self.b = a, b
        return a * b

    def backward(self, dy):
        return dy * self.b, dy * self.a


def test_an_empty_batch():
    with pytest.raises(ValueError, match=r"input x is empty, shape \(0, 4\): hand in a batch of at least 2"):
        chainrule.check(Dense(4, 3), np.zeros((0, 4)))


def test_a_class_whose_constructor_needs_arguments():
    with pytest.raises(NotASubject, match=r"constructor needs n_in, n_out: .*\(Dense\(n_in, n_out\), x\)"):
        chainrule.check(Dense, np.zeros((2, 4)))


def test_a_function_alone():
    with pytest.raises(NotASubject, match="hand in a pair of functions"):
        chainrule.check(lambda x: x, np.zeros((2, 4)))


@pytest.mark.parametrize(("inputs", "given"), [((), "none of its inputs"), ((np.ones(3),), "only a")])
def test_a_missing_input(inputs, given):
    with pytest.raises(NotASubject, match=rf"takes a, b; given: {given}\. .*check\(product, a, b\)"):
        chainrule.check(Product(), *inputs)


def test_an_unknown_intent():
    with pytest.raises(ValueError, match=r"'casual' is not known \(did you mean 'causal'\?\)"):
        chainrule.check(Dense(4, 3), rng.normal(size=(5, 4)), intent={"casual"})


def test_lists_of_numbers_are_arrays():
    report = chainrule.check(Dense(4, 3), rng.normal(size=(5, 4)).tolist())
    assert report.ok
    assert report.tested == ["x", "W"]


class Squares:
    """Plain Python: its forward and its backward work on lists."""

    def forward(self, x):
        self.x = x
        return [v * v for v in x]

    def backward(self, dy):
        return [2 * v * g for v, g in zip(self.x, dy, strict=True)]


def test_code_that_works_on_lists_keeps_them():
    report = chainrule.check(Squares(), [1.0, 2.0, -0.5])
    assert report.ok
    assert report.tested == ["x.0", "x.1", "x.2"]
