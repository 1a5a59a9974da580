"""Code that is not written yet is no fault; what is written around it is checked."""

import numpy as np
import pytest
from stacked import Model

import chainrule

rng = np.random.default_rng(0)
x = rng.normal(size=(5, 4))


class Linear:
    def __init__(self, n_in, n_out, factor=1):
        self.W, self.factor = rng.normal(size=(n_in, n_out)), factor

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dy):
        self.dW = self.factor * self.x.T @ dy
        return dy @ self.W.T


class Raises:
    def forward(self, x):
        return np.tanh(x)

    def backward(self, dy):
        raise NotImplementedError


class Passes(Raises):
    def backward(self, dy):
        pass


class Dots(Raises):
    def backward(self, dy):
        """Later."""
        ...


@pytest.mark.parametrize("kind", [Raises, Passes, Dots])
def test_a_backward_that_is_not_written_is_no_fault(kind):
    report = chainrule.check(kind(), x)
    assert report.ok
    assert "backward is not written yet" in report.not_tested
    assert report.not_yet == ["backward"]
    assert "nothing to check yet" in str(report)


def test_a_forward_that_is_not_written_is_no_fault():
    class Later(Raises):
        def forward(self, x):
            raise NotImplementedError("next week")

    report = chainrule.check(Later(), x)
    assert report.ok
    assert report.not_tested == ["forward is not written yet (next week)"]


@pytest.mark.parametrize("kind", [Raises, Passes])
def test_the_other_layers_of_a_model_are_checked(kind):
    model = Model(Linear(4, 3), kind(), Linear(3, 2, factor=2))
    report = chainrule.check(model, x)
    assert [f.where for f in report.findings] == ["layers.2"]
    assert "layers.1: backward is not written yet" in report.not_tested


@pytest.mark.parametrize("kind", [Raises, Passes])
def test_a_model_with_an_unfinished_layer_is_no_fault(kind):
    assert chainrule.check(Model(Linear(4, 3), kind()), x).ok
