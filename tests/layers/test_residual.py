"""Residual: x takes two ways to y, so two gradients come back to it."""

from __future__ import annotations

import numpy as np
import pytest
from protocol import check_layer, normal

from chainrule.layers import Conv2d, Dropout, Linear, ReLU, Residual, Sequential, default_dtype


def test_the_protocol_holds_around_a_body() -> None:
    with default_dtype("float64"):
        body = Sequential(Conv2d(3, 4, 3, padding=1), ReLU(), Dropout(0.2), Conv2d(4, 3, 3, padding=1))
    check_layer(Residual(body), normal(2, 3, 4, 5))


def test_the_protocol_holds_with_a_shortcut_that_changes_the_shape() -> None:
    with default_dtype("float64"):
        check_layer(
            Residual(Conv2d(3, 4, 3, stride=2, padding=1), Conv2d(3, 4, 1, stride=2)), normal(2, 3, 5, 6)
        )


def test_the_protocol_holds_where_body_and_shortcut_are_one_layer() -> None:
    """Tied: the one weight gets the gradients of both ways."""
    layer = Linear(4, 3, dtype="float64")
    check_layer(Residual(layer, layer), normal(2, 4))


def test_the_gradient_passes_the_shortcut_untouched() -> None:
    """However little the body lets through, the layers below still hear dy."""
    body = Linear(4, 4, dtype="float64")
    body.weight.data[...] = 0
    residual, dy = Residual(body), normal(2, 4)
    _, cache = residual.forward(normal(2, 4, seed=1))
    np.testing.assert_array_equal(residual.backward(dy, cache), dy)


def test_a_deep_stack_with_shortcuts_keeps_its_gradient_and_without_them_loses_it() -> None:
    def size_at_the_bottom(residual: bool) -> float:
        bodies = [
            Linear(20, 20, dtype="float64") for _ in range(30)
        ]  # spread 1/√3 of what would keep the signal
        model = Sequential(*(Residual(body) if residual else body for body in bodies))
        _, cache = model.forward(normal(5, 20))
        return float(np.abs(model.backward(normal(5, 20), cache)).mean())

    assert size_at_the_bottom(residual=True) > 1
    assert size_at_the_bottom(residual=False) < 1e-4


def test_names_are_body_and_shortcut() -> None:
    names = list(Residual(Linear(3, 2), Linear(3, 2, bias=False)).state_dict())
    assert names == ["body.weight", "body.bias", "shortcut.weight"]


def test_shapes_that_do_not_add_are_an_error_even_if_numpy_would_broadcast_them() -> None:
    with pytest.raises(
        ValueError, match=r"got \(2, 1\) from the body and \(2, 3\) from the shortcut: give shortcut="
    ):
        Residual(Linear(3, 1, dtype="float64"))(normal(2, 3))
