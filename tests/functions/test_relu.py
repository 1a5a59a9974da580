"""ReLU: the gate that lets what is positive pass."""

from __future__ import annotations

import numpy as np
from protocol import check_function, compare_function, normal, torch_or_skip

from chainrule.functions import relu, relu_backward


def test_the_protocol_holds_on_any_shape() -> None:
    check_function(relu, relu_backward, [normal(3, 5)])
    check_function(relu, relu_backward, [normal(2, 3, 4, 5)])


def test_pytorch_agrees_also_at_zero() -> None:
    x = normal(3, 5)
    x[0, :2] = 0
    compare_function(relu, relu_backward, torch_or_skip().nn.functional.relu, [x])


def test_positive_numbers_pass_and_the_others_become_zero() -> None:
    assert relu(np.array([-2.0, -0.0, 0.0, 3.0]))[0].tolist() == [0, 0, 0, 3]


def test_the_gradient_passes_where_the_number_passed_and_is_zero_at_zero() -> None:
    _, cache = relu(np.array([-2.0, 0.0, 3.0]))
    assert relu_backward(np.array([5.0, 6.0, 7.0]), cache).tolist() == [0, 0, 7]


def test_a_nan_is_not_swept_under_the_rug() -> None:
    assert np.isnan(relu(np.array([np.nan, 1.0]))[0]).tolist() == [True, False]
