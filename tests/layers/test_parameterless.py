from __future__ import annotations

from protocol import check_layer

from chainrule.functions import leaky_relu, leaky_relu_backward
from chainrule.layers.parameterless import Parameterless


class Mine(Parameterless):
    pair = (leaky_relu, leaky_relu_backward)
    options = ("negative_slope",)
    negative_slope = 0.3


def test_a_pair_and_its_options_are_a_layer(rng):
    layer, x = Mine(), rng.normal(size=(3, 4))
    check_layer(layer, x)
    _, cache = layer.forward(x)
    assert cache.negative_slope == 0.3
    assert repr(layer) == "Mine(negative_slope=0.3)"
    assert not list(layer.parameters())
