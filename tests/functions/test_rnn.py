"""An RNN over whole sequences: the protocol, and the loop over cells."""

from __future__ import annotations

import numpy as np
import pytest
from protocol import check_function, normal

from chainrule.functions import rnn, rnn_backward

from .recurrent_cases import KINDS, LENGTHS, assert_close

PAIR = (rnn, rnn_backward)
KIND = KINDS["rnn"]


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize(("lengths", "bias"), [(None, True), (LENGTHS, True), (LENGTHS, False)])
def test_the_protocol_holds(lengths: np.ndarray | None, bias: bool, reverse: bool) -> None:
    check_function(*PAIR, [*KIND.arrays(bias=bias), lengths], kwargs={"reverse": reverse})


@pytest.mark.parametrize("absent", [-2, -1])
def test_either_bias_may_be_absent(absent: int) -> None:
    arrays = KIND.arrays(batch=2, time=3, hidden=4)
    arrays[absent] = None
    check_function(*PAIR, [*arrays, None])


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize("time", [1, 5])
def test_it_is_the_loop_over_cells(time: int, reverse: bool) -> None:
    arrays = KIND.arrays(time=time)
    dy = normal(4, time, 2, seed=8), *(normal(4, 2, seed=9 + i) for i in range(KIND.states))
    y, cache = rnn(*arrays, reverse=reverse)
    *gradients, dlengths = rnn_backward(dy, cache)
    expected, expected_gradients = KIND.loop(arrays, dy, reverse)
    assert_close(y, expected)
    assert_close(gradients, expected_gradients)
    assert dlengths is None


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "ragged"])
def test_the_protocol_holds_with_relu(lengths: np.ndarray | None) -> None:
    check_function(*PAIR, [*KIND.arrays(), lengths], kwargs={"nonlinearity": "relu", "reverse": True})


def test_relu_agrees_with_the_loop_over_cells() -> None:
    arrays = KIND.arrays()
    dy = normal(4, 5, 2, seed=8), normal(4, 2, seed=9)
    y, cache = rnn(*arrays, nonlinearity="relu")
    expected, gradients = KIND.loop(arrays, dy, nonlinearity="relu")
    assert_close(y, expected)
    assert_close(rnn_backward(dy, cache)[:-1], gradients)


def test_another_nonlinearity_is_an_error() -> None:
    with pytest.raises(ValueError, match="rnn: nonlinearity must be 'tanh' or 'relu', got 'gelu'"):
        rnn(*KIND.arrays(), nonlinearity="gelu")


@pytest.mark.parametrize("radius", [0.8, 1.2], ids=["vanishes", "explodes"])
def test_the_gradient_shrinks_or_grows_like_a_power(radius: float) -> None:
    """With a rotation times `radius` as W_hh and nothing to brake it, by that factor at every step."""
    rotation = np.array([[0.6, -0.8], [0.8, 0.6]])
    x, h0 = np.zeros((1, 30, 3)), np.zeros((1, 2))  # tanh has the slope 1 at 0
    _, cache = rnn(x, h0, np.zeros((2, 3)), radius * rotation)
    _, dh0, *_ = rnn_backward((None, np.array([[3.0, 4.0]])), cache)
    assert np.linalg.norm(dh0) == pytest.approx(5 * radius**30)
