"""Residual, dropout and norm around a part: both orders, and where the gradients go."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from protocol import check_layer, normal

from chainrule.layers import Dropout, Layer, LayerNorm, Linear, randomness
from chainrule.layers.sublayer import SublayerCache, enter, enter_backward, leave, leave_backward

from .attention_cases import shaken

X = normal(3, 4, 5)
both_orders = pytest.mark.parametrize("norm_first", [False, True], ids=["post-norm", "pre-norm"])


class Part(Layer):
    """A linear layer between enter and leave: the smallest use of them."""

    def __init__(self, norm_first: bool, dropout: float = 0.0) -> None:
        self.body = Linear(5, 5, dtype="float64")
        self.norm = LayerNorm(5, dtype="float64")
        self.dropout, self.norm_first = Dropout(dropout), norm_first
        shaken(self)

    def forward(self, x: Any) -> Any:
        inner, entered = enter(x, self.norm, self.norm_first)
        z, computed = self.body.forward(inner)
        y, left = leave(x, z, self.dropout, self.norm, self.norm_first)
        return y, SublayerCache(entered, computed, left)

    def backward(self, dy: Any, cache: SublayerCache) -> Any:
        dx, dz = leave_backward(dy, cache.leave, self.dropout, self.norm)
        return dx + enter_backward(self.body.backward(dz, cache.body), cache.enter, self.norm)


@both_orders
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_the_protocol_holds(norm_first: bool, dropout: float) -> None:
    check_layer(Part(norm_first, dropout), X)


def test_the_two_orders_of_the_docstring() -> None:
    post, pre = Part(False), Part(True)
    np.testing.assert_allclose(post(X), post.norm(X + post.body(X)), rtol=1e-12)
    np.testing.assert_allclose(pre(X), X + pre.body(pre.norm(X)), rtol=1e-12)


@both_orders
def test_dropout_falls_on_what_is_added_and_not_on_what_passes(norm_first: bool) -> None:
    part = Part(norm_first, 0.5)
    with randomness(seed=2):
        _, cache = part.forward(X)
    z = part.body(part.norm(X) if norm_first else X)
    total = X + z * cache.leave.dropout.mask
    with randomness(seed=2):
        np.testing.assert_allclose(part(X), total if norm_first else part.norm(total), rtol=1e-12)


def depth(norm_first: bool, layers: int = 12) -> Any:
    """Gradients at the bottom of a stack whose parts pass nothing on."""
    parts, x, caches = [Part(norm_first) for _ in range(layers)], X, []
    for part in parts:
        part.body.weight.data[...] = 0
        x, cache = part.forward(x)
        caches.append(cache)
    dx = dy = normal(*X.shape, seed=3)
    for part, cache in zip(reversed(parts), reversed(caches), strict=True):
        dx = part.backward(dx, cache)
    return dx, dy


def test_with_pre_norm_the_gradient_arrives_untouched_and_with_post_norm_it_does_not() -> None:
    dx, dy = depth(norm_first=True)
    np.testing.assert_array_equal(dx, dy)
    dx, dy = depth(norm_first=False)
    assert abs(dx - dy).max() > 0.1
