from __future__ import annotations

import pytest
from protocol import check_layer, compare_layer, torch_or_skip

from chainrule.layers import AdaptiveAvgPool2d, AvgPool2d, MaxPool2d

CASES = [
    (MaxPool2d, {"kernel_size": 2}),
    (MaxPool2d, {"kernel_size": (3, 2), "stride": (2, 1), "padding": 1, "dilation": (1, 2)}),
    (AvgPool2d, {"kernel_size": (2, 3)}),
    (AvgPool2d, {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False}),
    (AdaptiveAvgPool2d, {"output_size": (3, 2)}),
    (AdaptiveAvgPool2d, {"output_size": (None, 1)}),
]


@pytest.mark.parametrize(("kind", "options"), CASES)
def test_protocol(kind, options, rng):
    check_layer(kind(**options), rng.normal(size=(2, 3, 7, 5)))


@pytest.mark.parametrize(("kind", "options"), CASES)
def test_pytorch(kind, options, rng):
    torch = torch_or_skip()
    compare_layer(kind(**options), getattr(torch.nn, kind.__name__)(**options), rng.normal(size=(2, 3, 7, 5)))


def test_repr():
    assert repr(MaxPool2d(2)) == "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1)"
    expected = "AvgPool2d(kernel_size=2, stride=1, padding=0, count_include_pad=True)"
    assert repr(AvgPool2d(2, 1)) == expected
    assert repr(AdaptiveAvgPool2d(1)) == "AdaptiveAvgPool2d(output_size=1)"


def test_a_wrong_output_size_is_met_when_the_layer_is_made():
    with pytest.raises(ValueError, match="must be an integer >= 1, None or a pair of them, got 0"):
        AdaptiveAvgPool2d(0)
