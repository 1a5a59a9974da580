"""Conv2d as a layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from protocol import check_layer, compare_layer, normal, torch_or_skip

from chainrule.layers import Conv2d, manual_seed

OPTIONS: list[dict[str, Any]] = [
    {},
    {"bias": False},
    {"stride": (2, 1), "padding": (1, 2)},
    {"padding": "same", "dilation": (1, 2)},
    {"groups": 2},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_protocol_holds(options: dict[str, Any]) -> None:
    check_layer(Conv2d(4, 6, (3, 2), dtype="float64", **options), normal(2, 4, 5, 7))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_pytorch_agrees(options: dict[str, Any]) -> None:
    theirs = torch_or_skip().nn.Conv2d(4, 6, (3, 2), **options)
    compare_layer(Conv2d(4, 6, (3, 2), **options), theirs, normal(2, 4, 5, 7))


def test_it_begins_within_one_over_the_root_of_the_numbers_that_one_output_sums_up() -> None:
    """fan_in counts the kernel's area and, with groups, only the channels that are seen."""
    manual_seed(1)
    layer = Conv2d(32, 64, (5, 3), groups=2)
    bound = 1 / np.sqrt(16 * 5 * 3)
    assert layer.weight.shape == (64, 16, 5, 3)
    assert 0.97 * bound < abs(layer.weight.data).max() <= bound
    assert 0.9 * bound < abs(layer.bias.data).max() <= bound


def test_groups_must_divide_both_numbers_of_channels() -> None:
    for channels in ((4, 5), (5, 4)):
        with pytest.raises(
            ValueError, match=f"groups=2 must divide in_channels={channels[0]} and out_channels"
        ):
            Conv2d(*channels, 3, groups=2)
    with pytest.raises(ValueError, match="groups=0 must divide"):
        Conv2d(4, 4, 3, groups=0)


def test_a_kernel_has_a_positive_size() -> None:
    with pytest.raises(ValueError, match="kernel_size must be an integer >= 1 or a pair of them, got 0"):
        Conv2d(1, 1, 0)


def test_repr_shows_what_is_not_the_default() -> None:
    assert repr(Conv2d(3, 4, 2)) == "Conv2d(3, 4, kernel_size=(2, 2))"
    layer = Conv2d(2, 4, (2, 3), stride=2, padding="valid", dilation=(1, 2), groups=2, bias=False)
    expected = "stride=2, padding='valid', dilation=(1, 2), groups=2, bias=False"
    assert repr(layer) == f"Conv2d(2, 4, kernel_size=(2, 3), {expected})"
