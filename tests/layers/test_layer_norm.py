from __future__ import annotations

import numpy as np
import pytest
from protocol import check_layer, compare_layer, torch_or_skip

from chainrule.layers import LayerNorm

OPTIONS = [
    {"normalized_shape": 5},
    {"normalized_shape": (4, 5), "eps": 0.1},
    {"normalized_shape": 5, "bias": False},
    {"normalized_shape": (4, 5), "elementwise_affine": False},
]


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("options", OPTIONS)
def test_protocol(options, rng):
    layer = LayerNorm(**options)
    for parameter in layer.parameters():
        parameter.data[...] = rng.normal(size=parameter.shape) + 1.2
    check_layer(layer, rng.normal(size=(2, 4, 5)))


@pytest.mark.parametrize("options", OPTIONS)
def test_pytorch(options, rng):
    torch = torch_or_skip()
    theirs = torch.nn.LayerNorm(**options)
    for parameter in theirs.parameters():
        torch.nn.init.normal_(parameter)
    compare_layer(LayerNorm(**options), theirs, rng.normal(size=(2, 4, 5)))


def test_it_begins_as_the_plain_norm():
    layer = LayerNorm((2, 3))
    assert (layer.weight.data == 1).all()
    assert (layer.bias.data == 0).all()
    assert repr(LayerNorm(7)) == "LayerNorm((7,), eps=1e-05, elementwise_affine=True)"


@pytest.mark.parametrize("affine", [True, False])
def test_errors(affine):
    layer = LayerNorm((4, 5), elementwise_affine=affine)
    for shape in ((2, 5, 4), (5,)):
        with pytest.raises(ValueError, match=r"LayerNorm expects the last axes to be \(4, 5\), got input \("):
            layer(np.zeros(shape))
    for wrong in ((), 0, (3, 0)):
        with pytest.raises(ValueError, match="normalized_shape needs sizes of at least 1, got"):
            LayerNorm(wrong, elementwise_affine=affine)
