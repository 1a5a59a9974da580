"""The comparison with PyTorch can fail as well."""

from __future__ import annotations

import pytest

from chainrule.functions import linear, linear_backward
from chainrule.layers import Linear, Sequential, default_dtype

from . import compare_function, compare_layer, normal, torch_or_skip

X, W, B = normal(4, 3, 5), normal(2, 5), normal(2)


def test_equal_functions_pass_and_a_wrong_gradient_is_named() -> None:
    torch = torch_or_skip()
    theirs = torch.nn.functional.linear
    compare_function(linear, linear_backward, theirs, [X, W, B])

    def wrong(dy, cache):
        dx, dweight, dbias = linear_backward(dy, cache)
        return dx, dweight, 2 * dbias

    with pytest.raises(AssertionError, match="linear in float64: the gradient of argument 2"):
        compare_function(linear, wrong, theirs, [X, W, B])
    with pytest.raises(AssertionError, match="linear in float64: the output"):
        compare_function(linear, linear_backward, lambda x, w, b: theirs(x, w, b) + 1e-6, [X, W, B])


def test_a_layer_gets_the_weights_of_its_counterpart_and_must_then_agree_with_it() -> None:
    torch = torch_or_skip()
    ours, theirs = Linear(5, 2), torch.nn.Linear(5, 2)
    before = ours.state_dict()
    compare_layer(ours, theirs, X)
    assert all(
        (before[name] == value).all() for name, value in ours.state_dict().items()
    )  # only copies were used

    class Forgetful(Linear):
        def backward(self, dy, cache):
            dx, dweight, _ = linear_backward(dy, cache)
            self.add_grads(weight=dweight)
            return dx

    with pytest.raises(AssertionError, match="Forgetful in float64: the gradient of bias"):
        compare_layer(Forgetful(5, 2), theirs, X)


def test_state_dicts_with_other_names_are_an_error() -> None:
    torch = torch_or_skip()
    with (
        default_dtype("float64"),
        pytest.raises(AssertionError, match=r"the state dicts have other keys: \['0.weight'"),
    ):
        compare_layer(Sequential(Linear(5, 2)), torch.nn.Linear(5, 2), X)
