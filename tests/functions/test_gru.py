"""A GRU over whole sequences: the protocol, and the loop over cells."""

from __future__ import annotations

import numpy as np
import pytest
from protocol import check_function, normal

from chainrule.functions import gru, gru_backward

from .recurrent_cases import KINDS, LENGTHS, assert_close

PAIR = (gru, gru_backward)
KIND = KINDS["gru"]


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
    y, cache = gru(*arrays, reverse=reverse)
    *gradients, dlengths = gru_backward(dy, cache)
    expected, expected_gradients = KIND.loop(arrays, dy, reverse)
    assert_close(y, expected)
    assert_close(gradients, expected_gradients)
    assert dlengths is None
