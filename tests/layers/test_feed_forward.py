"""The feed-forward part: every position alone, through two linear layers."""

from __future__ import annotations

import numpy as np
import pytest
from protocol import check_layer, normal

from chainrule.layers import GELU, FeedForward, randomness


@pytest.mark.parametrize("activation", ["relu", "gelu", GELU("tanh")], ids=str)
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_the_protocol_holds(activation: str | GELU, dropout: float) -> None:
    layer = FeedForward(5, 7, dropout, activation, dtype="float64")
    check_layer(layer, normal(2, 3, 5), limit=25)


def test_positions_do_not_hear_of_each_other() -> None:
    layer, x = FeedForward(5, 7, dtype="float64"), normal(2, 3, 5)
    np.testing.assert_allclose(layer(x[:, 1]), layer(x)[:, 1], rtol=1e-12)


def test_it_is_the_formula_of_the_paper() -> None:
    layer, x = FeedForward(5, 7, dtype="float64"), normal(2, 3, 5)
    w1, b1, w2, b2 = (parameter.data for parameter in layer.parameters())
    np.testing.assert_allclose(layer(x), np.maximum(x @ w1.T + b1, 0) @ w2.T + b2, rtol=1e-12)


def test_dropout_stands_behind_the_activation() -> None:
    layer = FeedForward(5, 40, 0.5, "gelu", dtype="float64")
    with randomness(seed=0):
        _, cache = layer.forward(normal(2, 3, 5))
    np.testing.assert_array_equal(cache.linear2.x == 0, cache.dropout.mask == 0)


def test_names_are_pytorchs_and_bias_may_be_absent() -> None:
    assert list(FeedForward(5, 7).state_dict()) == [
        "linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias"
    ]  # fmt: skip
    assert list(FeedForward(5, 7, bias=False).state_dict()) == ["linear1.weight", "linear2.weight"]


def test_another_activation_is_an_error() -> None:
    with pytest.raises(ValueError, match="no activation is called 'swish': choose one of 'relu', 'gelu', or"):
        FeedForward(5, 7, activation="swish")
