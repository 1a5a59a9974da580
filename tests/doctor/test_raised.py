"""An exception in backward: the reading of the line that fits, and the layer of a model that it concerns."""

import numpy as np
import pytest
from findings import only, text
from stacked import Model

import chainrule

rng = np.random.default_rng(0)
x = rng.normal(size=(5, 4))


class Linear:
    def __init__(self, n_in, n_out):
        self.W, self.b, self.db = rng.normal(size=(n_in, n_out)), np.zeros(n_out), np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.dW = self.x.T @ dy
        self.db = dy.sum(0)
        return dy @ self.W.T


class NoTranspose(Linear):
    def backward(self, dy):
        self.dW = self.x.T @ dy
        self.db = dy.sum(0)
        return dy @ self.W


class NoTransposeOfX(Linear):
    def backward(self, dy):
        self.dW = np.dot(self.x, dy)
        self.db = dy.sum(0)
        return dy @ self.W.T


class NoSum(Linear):
    def backward(self, dy):
        self.dW = self.x.T @ dy
        self.db[...] = 0
        self.db += dy
        return dy @ self.W.T


class Mean:
    def forward(self, x):
        self.x = x
        return x.mean(1)

    def backward(self, dy):
        return np.ones_like(self.x) * dy / self.x.shape[1]


REPAIRS = [
    (NoTranspose(4, 3), "+ return dy @ self.W.T"),
    (NoTransposeOfX(4, 3), "+ self.dW = np.dot(self.x.T, dy)"),
    (NoSum(4, 3), "+ self.db += dy.sum(axis=0)"),
    (Mean(), "+ return np.ones_like(self.x) * dy[:, None] / self.x.shape[1]"),
]


@pytest.mark.parametrize(("layer", "repair"), REPAIRS)
def test_the_reading_that_fits_is_the_repair(layer, repair):
    finding = only(layer, x)
    assert finding.code == "backward-raises"
    assert finding.fix.endswith(repair)
    assert "it runs" in finding.detail
    assert finding.evidence["shapes"]


class Unchained(Model):
    def backward(self, dy):
        for layer in reversed(self.layers):
            dx = layer.backward(dy)
        return dx


class Summed(Model):
    def backward(self, dy):
        for layer in reversed(self.layers):
            dy = layer.backward(dy.sum(0, keepdims=True))
        return dy


def test_inside_of_a_model_the_layer_is_named():
    finding = only(Model(Linear(4, 3), NoTranspose(3, 2)), x)
    assert (finding.where, finding.subject) == ("layers.1", "NoTranspose")
    assert finding.fix.endswith("+ return dy @ self.W.T")


def test_a_stack_without_a_chain():
    finding = only(Unchained(Linear(4, 3), Linear(3, 2)), x)
    assert finding.code == "unchained-upstream"
    assert finding.verified
    assert text(finding) == "dx = layer.backward(dy)"


def test_a_layer_that_is_handed_another_shape():
    finding = only(Summed(Linear(4, 3), Linear(3, 2)), x)
    assert finding.where == "layers.1"
    assert "handed a gradient of shape (1, 2), its output has shape (5, 2)" in finding.detail


def test_the_subject_is_left_as_it_was():
    layer = NoTranspose(4, 3)
    before, method = layer.W.copy(), NoTranspose.backward
    chainrule.check(layer, x)
    assert np.array_equal(layer.W, before)
    assert NoTranspose.backward is method


class Lacking(Linear):
    """Something is not there when backward runs."""

    def __init__(self, what):
        super().__init__(4, 3)
        self.what, self.kept = what, {}

    def backward(self, dy):
        if self.what == "attribute":
            return dy @ self.weight_of_forward.T
        if self.what == "of None":
            return dy @ self.kept.get("W").T
        if self.what == "name":
            return dy @ weight_of_forward.T  # noqa: F821
        if self.what == "key":
            return dy @ self.kept["W"].T
        return super().backward(dy, self.x)


@pytest.mark.parametrize(
    ("what", "repair"),
    [
        ("attribute", "self.weight_of_forward = ...      # in Lacking's forward"),
        ("of None", "# what stands before .T is None"),
        ("name", "weight_of_forward = ...      # before this line"),
        ("key", "cache['W'] = ..."),
        ("argument", "# call it with the arguments"),
    ],
)
def test_what_is_not_there(what, repair):
    finding = only(Lacking(what), x)
    assert finding.code == "backward-raises"
    assert finding.fix.startswith(repair)
