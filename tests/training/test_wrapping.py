"""Looking at a model from outside: every forward passes by, and afterwards nothing is left."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.layers import Linear, ReLU, Residual, Sequential, manual_seed
from chainrule.training.wrapping import wrapped_forwards

X = np.ones((2, 3), np.float32)


def model() -> Sequential:
    manual_seed(0)
    return Sequential(Linear(3, 3), Residual(Sequential(Linear(3, 3), ReLU())))


class Visitor:
    """Writes down which layers were called, innermost first."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    def __call__(self, path: str, layer: Any, forward: Any, *args: Any, **kwargs: Any) -> Any:
        result = forward(*args, **kwargs)
        self.paths.append(path)
        return result


def test_every_layer_is_seen_however_deep() -> None:
    visitor, m = Visitor(), model()
    with wrapped_forwards(m, visitor):
        m.forward(X)
    assert visitor.paths == ["0", "1.body.0", "1.body.1", "1.body", "1", ""]


def test_calls_without_a_cache_are_seen_too() -> None:
    visitor, m = Visitor(), model()
    with wrapped_forwards(m, visitor):
        m[1](X)
    assert visitor.paths == ["1.body.0", "1.body.1", "1.body", "1"]


def test_results_are_the_same_and_backward_works_on_them() -> None:
    m = model()
    expected, _ = m.forward(X)
    with wrapped_forwards(m, Visitor()):
        y, cache = m.forward(X)
    np.testing.assert_array_equal(y, expected)
    assert m.backward(np.ones_like(y), cache).shape == X.shape


def test_a_shared_layer_is_seen_at_each_call_under_its_first_name() -> None:
    shared, visitor = Linear(3, 3), Visitor()
    m = Sequential(shared, ReLU(), shared)
    with wrapped_forwards(m, visitor):
        m.forward(X)
    assert visitor.paths == ["0", "1", "0", ""]


def test_nothing_is_left_behind_even_after_an_error() -> None:
    m = model()
    before = [dict(vars(layer)) for _, layer in m.named_layers()]
    with pytest.raises(ValueError), wrapped_forwards(m, Visitor()):  # noqa: PT011 (any error will do)
        m.forward(X[:, :2])
    assert [dict(vars(layer)) for _, layer in m.named_layers()] == before


def test_two_may_look_at_once() -> None:
    inner, outer, m = Visitor(), Visitor(), model()
    with wrapped_forwards(m, inner):
        with wrapped_forwards(m, outer):
            m.forward(X)
        m[0].forward(X)
    assert outer.paths == ["0", "1.body.0", "1.body.1", "1.body", "1", ""]
    assert inner.paths == [*outer.paths, "0"]
    assert all("forward" not in vars(layer) for _, layer in m.named_layers())
