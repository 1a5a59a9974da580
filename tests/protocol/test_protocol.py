"""The protocol's checks can fail: every planted bug below is found, and under the right name.

A gradient test that never fails proves nothing. Each bug is one that people really write; each line says
which promise it breaks.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from chainrule.functions import linear, linear_backward, relu, relu_backward, softmax, softmax_backward
from chainrule.functions.linear import LinearCache
from chainrule.layers import Dropout, Layer, Linear, Parameter, Residual, Sequential, default_dtype

from . import check_function, check_layer, normal

X, W, B = normal(4, 3, 5), normal(2, 5), normal(2)


def test_only_promises_that_exist_can_be_skipped() -> None:
    with pytest.raises(ValueError, match=r"no promise is called \['float16'\]: the_cache_has_names, "):
        check_function(relu, relu_backward, [X], skip={"float16": "there is no such promise"})


def test_a_correct_pair_passes() -> None:
    check_function(linear, linear_backward, [X, W, B])
    check_function(linear, linear_backward, [X, W, None])
    check_function(relu, relu_backward, [X])
    check_function(softmax, softmax_backward, [X])


# ---------------------------------------------------------------- bugs in a function


def changed(**changes: Any) -> Any:
    """linear_backward with one of its three gradients computed in another, wrong, way."""

    def backward(dy: Any, cache: Any) -> Any:
        right = dict(zip(("dx", "dweight", "dbias"), linear_backward(dy, cache), strict=True))
        return tuple((right | {name: wrong(dy, cache) for name, wrong in changes.items()}).values())

    return backward


def mutates_dy(dy: Any, cache: Any) -> Any:
    dy *= 2
    return linear_backward(dy, cache)


def mutates_the_input(dy: Any, cache: Any) -> Any:
    gradients = linear_backward(dy, cache)
    cache.x[...] = 0
    return gradients


def draws_again(dy: Any, cache: Any) -> Any:
    """A mask that is drawn in backward instead of kept by forward."""
    factor = np.random.default_rng().uniform()
    return tuple(g * g.dtype.type(factor) for g in linear_backward(dy, cache))


class ReusedBuffer:
    """Returns the same array, refilled, at every call."""

    def __init__(self) -> None:
        self.buffers: dict[Any, Any] = {}

    def __call__(self, dy: Any, cache: Any) -> Any:
        gradients = linear_backward(dy, cache)
        if type(dy) is not np.ndarray:
            return gradients
        for g in gradients:
            self.buffers.setdefault((g.shape, g.dtype), g)[...] = g
        return tuple(self.buffers[g.shape, g.dtype] for g in gradients)


PLANTED = {
    "a wrong sign": (changed(dx=lambda dy, c: -(dy @ c.weight)), "the gradient is the slope"),
    "a bias summed over the batch only": (
        changed(dbias=lambda dy, c: dy.sum(0)),
        "one gradient per argument",
    ),
    "a bias that broadcasts": (changed(dbias=lambda dy, c: dy.sum((0, 1))[:1]), "one gradient per argument"),
    "a mean for a sum": (changed(dbias=lambda dy, c: dy.mean((0, 1))), "the gradient is the slope"),
    "a transposed weight gradient": (
        changed(dweight=lambda dy, c: linear_backward(dy, c)[1].T),
        "one gradient per argument",
    ),
    "an ignored upstream": (changed(dbias=lambda dy, c: 0 * dy.sum((0, 1)) + 12), "linear in the upstream"),
    "an absolute value of the upstream": (
        changed(dx=lambda dy, c: abs(dy) @ c.weight),
        "linear in the upstream",
    ),
    "something added to the upstream": (
        changed(dx=lambda dy, c: (dy + 1e-3) @ c.weight),
        "linear in the upstream",
    ),
    "a missing gradient": (changed(dbias=lambda dy, c: None), "one gradient per argument"),
    "a tuple that is too short": (lambda dy, c: linear_backward(dy, c)[:2], "one gradient per argument"),
    "a float64 that leaks": (
        changed(dx=lambda dy, c: dy @ c.weight * np.float64(1)),
        "one gradient per argument",
    ),
    "a mutated dy": (mutates_dy, "nothing is changed"),
    "a mutated input": (mutates_the_input, "nothing is changed"),
    "another answer the second time": (draws_again, "backward repeats"),
    "a buffer that is used again": (ReusedBuffer(), "backward repeats"),
    "NumPy forced upon all arrays": (
        changed(dx=lambda dy, c: np.asarray(dy) @ c.weight),
        "other array libraries",
    ),
    "memory order taken for granted": (
        changed(dbias=lambda dy, c: np.asarray(dy.ravel("K"), dtype=dy.dtype).reshape(-1, 2).sum(0)),
        "any memory order",
    ),
}


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found_and_named(bug: str) -> None:
    backward, promise = PLANTED[bug]
    with pytest.raises(AssertionError, match=f"linear, promise {promise!r}"):
        check_function(linear, backward, [X.copy(), W.copy(), B.copy()])


def test_a_transposed_gradient_of_a_square_weight_has_the_right_shape_and_is_found_by_its_numbers() -> None:
    transposed = changed(dweight=lambda dy, c: linear_backward(dy, c)[1].T)
    with pytest.raises(
        AssertionError, match=r"the gradient of argument 1 at \(\d, \d\) is .*measured: .*6 of 9"
    ):
        check_function(linear, transposed, [normal(4, 3), normal(3, 3), None])


def test_one_wrong_number_among_many_is_found() -> None:
    def backward(dy: Any, cache: Any) -> Any:
        dx, dweight, dbias = linear_backward(dy, cache)
        dx = np.array(dx)
        dx[2, 1, 3] *= 1.0001
        return dx, dweight, dbias

    with pytest.raises(AssertionError, match=r"argument 0 at \(2, 1, 3\).*1 of 60 elements"):
        check_function(linear, backward, [X, W, B])


def test_a_gradient_for_what_has_none_is_an_error() -> None:
    """A gradient for an absent bias, or for ids, would be added somewhere."""
    backward = changed(dbias=lambda dy, c: dy.sum((0, 1)))
    with pytest.raises(AssertionError, match="argument 2 has no gradient: expected None"):
        check_function(linear, backward, [X, W, None])


def test_a_forward_that_changes_its_input_is_found() -> None:
    def forward(x: Any) -> Any:
        x *= x > 0
        return relu(x)

    with pytest.raises(AssertionError, match="promise 'nothing is changed': forward changed"):
        check_function(forward, relu_backward, [normal(3, 4)])


def test_a_forward_that_keeps_state_between_calls_is_found() -> None:
    """The bug of caches on self: the second forward overwrites what the first backward needs."""
    kept: dict[str, Any] = {}

    def forward(x: Any) -> Any:
        y, kept["cache"] = relu(x)
        return y, kept["cache"]

    with pytest.raises(AssertionError, match="promise 'no state between calls'"):
        check_function(forward, lambda dy, cache: relu_backward(dy, kept["cache"]), [X])


def test_an_anonymous_cache_is_no_cache() -> None:
    with pytest.raises(AssertionError, match="the cache is a plain tuple"):
        check_function(lambda x: (np.maximum(x, 0), (x, 1)), lambda dy, c: dy * (c[0] > 0), [X])


def test_a_dropped_term_is_found() -> None:
    """Softmax without -p Σ dp·p: the gradient of independent exponentials, not of shares of a whole."""

    def backward(dy: Any, cache: Any) -> Any:
        ones_removed = softmax_backward(dy, cache)
        return ones_removed + 0.01 * dy

    with pytest.raises(AssertionError, match="promise 'the gradient is the slope'"):
        check_function(softmax, backward, [X])


def test_float64_in_the_output_of_float32_is_found() -> None:
    def forward(x: Any) -> Any:
        y, cache = relu(x)
        return y * np.float64(2), cache

    with pytest.raises(AssertionError, match="a float64 leaked in"):
        check_function(forward, lambda dy, cache: (relu_backward(dy, cache) * 2).astype(cache.y.dtype), [X])


# ---------------------------------------------------------------- vacuous checks and kinks


def softmax_and_sum(x: Any) -> Any:
    """Shares add up to 1, always: the gradient is 0. That is what an upstream of ones does to a softmax."""
    y, cache = softmax(x)
    return y.sum(-1), cache


def softmax_and_sum_backward(dy: Any, cache: Any) -> Any:
    return softmax_backward(dy[..., None] * np.ones_like(cache[0]), cache)


def test_a_check_whose_true_gradient_is_zero_fails_as_vacuous() -> None:
    with pytest.raises(
        AssertionError, match="vacuous: the true gradient of argument 0 is about 0 everywhere"
    ):
        check_function(
            softmax_and_sum, softmax_and_sum_backward, [X], skip={"linear in the upstream": "all is 0"}
        )


def test_a_zero_gradient_may_be_expected_by_name_and_then_has_to_be_zero() -> None:
    skip = dict.fromkeys(("linear in the upstream", "any memory order", "float32"), "only rounding is left")
    reason = {0: "shares add up to 1"}
    skip["other array libraries"] = "only rounding is left"
    check_function(softmax_and_sum, softmax_and_sum_backward, [X], allow_zero=reason, skip=skip)

    def wrong(dy: Any, cache: Any) -> Any:
        return 1e-3 * dy[..., None] * np.ones_like(cache[0])

    with pytest.raises(AssertionError, match="the gradient of argument 0 at"):
        check_function(softmax_and_sum, wrong, [X], allow_zero=reason, skip=skip)
    with pytest.raises(AssertionError, match="was said to be 0"):
        check_function(softmax, softmax_backward, [X], allow_zero=reason)


def test_one_element_on_a_kink_is_left_out_many_are_an_error() -> None:
    """relu at exactly 0 has the slopes 0 and 1: nothing to compare with, whatever backward says."""
    x = normal(5, 8)
    x[2, 3] = 0
    check_function(relu, relu_backward, [x])
    x[:2] = 0
    with pytest.raises(AssertionError, match="17 of 40 elements of argument 0 sit on a kink"):
        check_function(relu, relu_backward, [x])


# ---------------------------------------------------------------- structures: states, several outputs, losses


class CellCache(NamedTuple):
    x: Any
    h: Any
    new_h: Any


def cell(x: Any, state: Any) -> Any:
    """One step of a toy recurrent net: h' = tanh(x + h c), c' = c · x, returns (h', (h', c'))."""
    h, c = state
    new_h = np.tanh(x + h * c)
    return (new_h, (new_h, c * x)), CellCache(x, (h, c), new_h)


def cell_backward(dy: Any, cache: Any) -> Any:
    dout, (dnew_h, dnew_c) = dy
    x, (h, c), new_h = cache
    parts = [d for d in (dout, dnew_h) if d is not None]
    dsum = sum(parts[1:], parts[0]) * (1 - new_h * new_h) if parts else np.zeros_like(x)
    dnew_c = np.zeros_like(x) if dnew_c is None else dnew_c
    return dsum + dnew_c * c, (dsum * c, dsum * h + dnew_c * x)


def test_states_and_several_outputs_are_structures() -> None:
    state = (normal(3, 4, seed=1), normal(3, 4, seed=2))
    check_function(cell, cell_backward, [normal(3, 4), state])


def test_a_backward_that_takes_None_for_something_else_than_zero_is_found() -> None:
    def backward(dy: Any, cache: Any) -> Any:
        dout, (dnew_h, dnew_c) = dy
        return cell_backward((dout, (dout if dnew_h is None else dnew_h, dnew_c)), cache)

    state = (normal(3, 4, seed=1), normal(3, 4, seed=2))
    with pytest.raises(AssertionError, match="promise 'None stands for zero'"):
        check_function(cell, backward, [normal(3, 4), state])


def test_a_loss_returns_its_count_between_the_loss_and_the_cache() -> None:
    def loss(x: Any) -> Any:
        y, cache = relu(x)
        return y.sum(), float(y.size), cache

    def loss_backward(dloss: Any, cache: Any) -> Any:
        return dloss * (cache.y > 0).astype(cache.y.dtype)

    check_function(loss, loss_backward, [X])
    with pytest.raises(AssertionError, match="linear in the upstream"):
        check_function(loss, lambda dloss, cache: loss_backward(1 + 0 * dloss, cache), [X])


# ---------------------------------------------------------------- bugs in a layer


class PlantedLinear(Linear):
    """A Linear whose subclasses each have one bug."""


class Overwrites(PlantedLinear):
    """`=` for `+=`: the gradient of the last use, not the sum over all."""

    promise = "gradients add up"

    def backward(self, dy: Any, cache: Any) -> Any:
        dx, dweight, dbias = linear_backward(dy, cache)
        self.weight.grad[...] = dweight
        self.bias.grad[...] = dbias
        return dx


class KeepsItsInputOnSelf(PlantedLinear):
    promise = "forward writes nothing on the layer"

    def forward(self, x: Any) -> Any:
        self.x = x
        return super().forward(x)


class KeepsItsCacheElsewhere(PlantedLinear):
    """The stale cache again, hidden on the class: vars(layer) stay the same."""

    promise = "one layer used twice in one graph"
    last: Any = None

    def forward(self, x: Any) -> Any:
        y, cache = super().forward(x)
        type(self).last = cache
        return y, cache

    def backward(self, dy: Any, cache: Any) -> Any:
        return super().backward(dy, self.last)


class CountsItsCalls(PlantedLinear):
    promise = "forward writes nothing on the layer"
    calls = 0

    def forward(self, x: Any) -> Any:
        self.calls += 1
        return super().forward(x)


class UpdatesItself(PlantedLinear):
    """The optimizer inside of backward."""

    promise = "backward computes gradients and nothing else"

    def backward(self, dy: Any, cache: Any) -> Any:
        dx = super().backward(dy, cache)
        self.weight.data[...] -= 0.1 * self.weight.grad
        return dx


class MutatesItsUpstream(PlantedLinear):
    promise = "backward computes gradients and nothing else"

    def backward(self, dy: Any, cache: Any) -> Any:
        dx = super().backward(dy, cache)
        dy[...] = 0
        return dx


class ForgetsTheBias(PlantedLinear):
    promise = "the gradient is the slope"

    def backward(self, dy: Any, cache: Any) -> Any:
        dx, dweight, _ = linear_backward(dy, cache)
        self.add_grads(weight=dweight)
        return dx


class MovesFrozenWeights(PlantedLinear):
    promise = "frozen parameters get nothing"

    def backward(self, dy: Any, cache: Any) -> Any:
        dx, dweight, dbias = linear_backward(dy, cache)
        self.weight.grad += dweight
        self.bias.grad += dbias
        return dx


class ComputesWithOldWeights(PlantedLinear):
    """Weights copied at birth: an optimizer's step would not be seen, and neither is a measured one."""

    promise = "the gradient is the slope"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.copied = self.weight.data.copy()

    def forward(self, x: Any) -> Any:
        y, _ = linear(x, self.copied, self.bias.data)
        return y, LinearCache(x, self.copied, self.bias.data)


@pytest.mark.parametrize("broken", PlantedLinear.__subclasses__(), ids=lambda kind: kind.__name__)
def test_a_planted_bug_in_a_layer_is_found_and_named(broken: Any) -> None:
    with default_dtype("float64"):
        layer = broken(5, 2)
    with pytest.raises(AssertionError, match=f"{broken.__name__}, promise {broken.promise!r}"):
        check_layer(layer, X)


def test_correct_layers_pass() -> None:
    with default_dtype("float64"):
        check_layer(Linear(5, 2), X)
        check_layer(Residual(Sequential(Linear(5, 4), Dropout(0.3), Linear(4, 5))), X)


class RedrawnDropout(Layer):
    """backward draws a new mask: the gradient of another network."""

    def forward(self, x: Any) -> Any:
        return Dropout(0.5).forward(x)

    def backward(self, dy: Any, cache: Any) -> Any:
        return Dropout(0.5).backward(dy, Dropout(0.5).forward(dy)[1])


def test_a_mask_that_is_drawn_again_is_found() -> None:
    with pytest.raises(AssertionError, match="a second backward on one cache gives another answer"):
        check_layer(RedrawnDropout(), X)


class ForgetfulResidual(Residual):
    """Sends nothing back through the shortcut."""

    def backward(self, dy: Any, cache: Any) -> Any:
        return self.body.backward(dy, cache.body)


def test_a_residual_without_its_shortcuts_gradient_is_found() -> None:
    with default_dtype("float64"):
        layer = ForgetfulResidual(Linear(5, 5))
    with pytest.raises(AssertionError, match="the gradient of input 0"):
        check_layer(layer, X)


class Constant(Layer):
    """Ignores its parameter: there is nothing to learn, and nothing to prove."""

    def __init__(self) -> None:
        self.weight = Parameter(np.ones(3))

    def forward(self, x: Any) -> Any:
        return x + 0 * self.weight.data.sum(), None

    def backward(self, dy: Any, cache: Any) -> Any:
        return dy


def test_a_parameter_without_influence_is_vacuous() -> None:
    with pytest.raises(AssertionError, match="vacuous: the true gradient of weight"):
        check_layer(Constant(), X)
    check_layer(Constant(), X, allow_zero={"weight": "multiplied by 0"})


def test_float32_layers_are_refused() -> None:
    with pytest.raises(AssertionError, match=r"gradients are measured in float64, got \['float32'\]"):
        check_layer(Linear(5, 2), X)
