"""Linear as a layer."""

from __future__ import annotations

import numpy as np
import pytest
from protocol import check_layer, compare_layer, normal, torch_or_skip

from chainrule.layers import Linear, default_dtype, manual_seed


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("axes", [(4,), (2, 4)], ids=["batch", "batch, time"])
def test_the_protocol_holds(axes: tuple[int, ...], bias: bool) -> None:
    check_layer(Linear(5, 3, bias=bias, dtype="float64"), normal(*axes, 5))


@pytest.mark.parametrize("bias", [True, False])
def test_pytorch_agrees(bias: bool) -> None:
    torch = torch_or_skip()
    compare_layer(Linear(5, 3, bias=bias), torch.nn.Linear(5, 3, bias=bias), normal(2, 4, 5))


def test_it_begins_as_pytorchs_does_uniform_within_one_over_the_root_of_its_inputs() -> None:
    manual_seed(1)
    layer = Linear(400, 300)
    bound = 1 / np.sqrt(400)
    for values in (layer.weight.data, layer.bias.data):
        assert abs(values).max() <= bound
        assert abs(values).max() > 0.97 * bound
    assert layer.weight.data.std() == pytest.approx(bound / np.sqrt(3), rel=0.02)


def test_it_holds_float32_unless_told_otherwise() -> None:
    assert Linear(2, 3).weight.dtype == np.float32
    assert Linear(2, 3, dtype="float64").bias.dtype == np.float64
    with default_dtype("float64"):
        assert Linear(2, 3).weight.dtype == np.float64
        assert Linear(2, 3, dtype=np.float32).weight.dtype == np.float32
    assert Linear(2, 3).weight.dtype == np.float32


def test_parameters_are_floating_point_and_sizes_positive() -> None:
    with pytest.raises(TypeError, match="parameters need a floating point dtype, got int64"):
        Linear(2, 3, dtype="int64")
    with pytest.raises(TypeError, match="floating point"), default_dtype(int):
        pass
    with pytest.raises(ValueError, match=r"sizes must be at least 1, got \(3, 0\)"):
        Linear(0, 3)


def test_repr_shows_what_is_not_the_default() -> None:
    assert repr(Linear(2, 3)) == "Linear(2, 3)"
    assert repr(Linear(2, 3, bias=False)) == "Linear(2, 3, bias=False)"
