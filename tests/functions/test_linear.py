"""Linear: y = x Wᵀ + b and its three gradients."""

from __future__ import annotations

import numpy as np
import pytest
from protocol import check_function, compare_function, normal, torch_or_skip

from chainrule.functions import linear, linear_backward


@pytest.mark.parametrize(
    "axes", [(), (4,), (2, 4), (2, 3, 4)], ids=["one sample", "batch", "batch, time", "three axes"]
)
@pytest.mark.parametrize("with_bias", [True, False])
def test_the_protocol_holds_for_any_axes_before_the_features(axes: tuple[int, ...], with_bias: bool) -> None:
    check_function(
        linear, linear_backward, [normal(*axes, 5), normal(3, 5), normal(3) if with_bias else None]
    )


def test_a_square_weight_is_not_transposed() -> None:
    """Where in = out a transposed weight fits, too; only the numbers tell."""
    check_function(linear, linear_backward, [normal(2, 4), normal(4, 4), normal(4)])


@pytest.mark.parametrize("with_bias", [True, False])
def test_pytorch_agrees(with_bias: bool) -> None:
    theirs = torch_or_skip().nn.functional.linear
    arrays = [normal(2, 7, 5), normal(3, 5), normal(3) if with_bias else None]
    compare_function(linear, linear_backward, theirs, arrays)


def test_each_output_is_a_weighted_sum_of_all_inputs() -> None:
    y, _ = linear(
        np.array([[1.0, 10.0]]), np.array([[2.0, 3.0], [4.0, 5.0], [6.0, 7.0]]), np.array([0.5, 0, 0])
    )
    assert y.tolist() == [[32.5, 54.0, 76.0]]


def test_the_gradient_of_a_shared_bias_is_the_sum_over_all_who_share_it() -> None:
    _, cache = linear(normal(2, 3, 5), normal(4, 5), normal(4))
    dy = normal(2, 3, 4)
    np.testing.assert_allclose(linear_backward(dy, cache)[2], dy.sum(0).sum(0))


def test_without_a_bias_there_is_no_gradient_of_it() -> None:
    _, cache = linear(normal(2, 5), normal(4, 5))
    assert linear_backward(normal(2, 4), cache)[2] is None


def test_an_input_of_another_width_is_named_with_both_shapes() -> None:
    expected = r"linear expects 5 input features, got 6: input \(2, 6\), weight \(out 3, in 5\)"
    with pytest.raises(ValueError, match=expected):
        linear(normal(2, 6), normal(3, 5))


def test_a_weight_given_the_other_way_round_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"linear expects 3 input features, got 5"):
        linear(normal(2, 5), normal(5, 3))


def test_a_single_number_or_a_flat_weight_is_an_error() -> None:
    with pytest.raises(ValueError, match="linear expects 5 input features, got a single number"):
        linear(np.asarray(1.0), normal(3, 5))
    with pytest.raises(ValueError, match=r"weight \(5,\)"):
        linear(normal(2, 5), normal(5))
