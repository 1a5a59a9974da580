from __future__ import annotations

import numpy as np
import pytest
from protocol import check_layer, compare_layer, torch_or_skip

from chainrule.layers import GELU, LeakyReLU, LogSoftmax, ReLU, Sigmoid, Softmax, Tanh

LAYERS = [
    (ReLU(), "ReLU()"),
    (LeakyReLU(0.2), "LeakyReLU(0.2)"),
    (Sigmoid(), "Sigmoid()"),
    (Tanh(), "Tanh()"),
    (GELU(), "GELU()"),
    (GELU("tanh"), "GELU('tanh')"),
    (Softmax(dim=1), "Softmax(dim=1)"),
    (LogSoftmax(), "LogSoftmax(dim=-1)"),
]


@pytest.mark.parametrize("layer", [layer for layer, _ in LAYERS], ids=repr)
def test_protocol(layer, rng):
    check_layer(layer, rng.normal(size=(3, 5, 4)))


@pytest.mark.parametrize(("layer", "theirs"), LAYERS)
def test_pytorch(layer, theirs, rng):
    torch = torch_or_skip()
    compare_layer(layer, eval(f"torch.nn.{theirs}", {"torch": torch}), rng.normal(size=(3, 5, 4)))


def test_defaults_are_pytorchs():
    assert repr(LeakyReLU()) == "LeakyReLU(negative_slope=0.01)"
    assert repr(GELU()) == "GELU(approximate='none')"
    assert repr(Softmax()) == "Softmax(dim=-1)"
    assert repr(ReLU()) == "ReLU()"


def test_an_option_is_an_attribute_that_can_be_changed():
    layer = LeakyReLU()
    layer.negative_slope = 0.5
    assert layer(np.array([-2.0])) == [-1.0]
