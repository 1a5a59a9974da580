"""One step of an LSTM."""

from __future__ import annotations

import numpy as np
import pytest
from protocol import check_function, compare_function, normal, torch_or_skip

from chainrule.functions import lstm_cell, lstm_cell_backward

from .recurrent_cases import KINDS

PAIR = (lstm_cell, lstm_cell_backward)
KIND = KINDS["lstm"]


@pytest.mark.parametrize("bias", [True, False])
def test_the_protocol_holds(bias: bool) -> None:
    check_function(*PAIR, KIND.cell_arrays(bias=bias))


@pytest.mark.parametrize("absent", [5, 6])
def test_either_bias_may_be_absent(absent: int) -> None:
    arrays = KIND.cell_arrays()
    arrays[absent] = None
    check_function(*PAIR, arrays)


def test_pytorch_agrees() -> None:
    torch = torch_or_skip()
    compare_function(
        *PAIR, lambda x, h, c, *weights: torch.lstm_cell(x, (h, c), *weights), KIND.cell_arrays()
    )


def test_gates_do_what_their_names_say() -> None:
    """Driven by the biases alone, in the order i, f, g, o."""
    x, h, c = np.zeros((1, 3)), np.zeros((1, 1)), np.full((1, 1), 0.7)
    weights = np.zeros((4, 3)), np.zeros((4, 1))

    def cell(i: float, f: float, g: float, o: float) -> tuple[float, float]:
        (h_new, c_new), _ = lstm_cell(x, h, c, *weights, np.array([i, f, g, o]))
        return float(h_new[0, 0]), float(c_new[0, 0])

    shut, wide = -50.0, 50.0
    assert cell(shut, wide, wide, wide) == pytest.approx((np.tanh(0.7), 0.7))  # kept, and shown
    assert cell(shut, wide, wide, shut) == pytest.approx((0, 0.7))  # kept, and hidden
    assert cell(wide, shut, -1.0, wide) == pytest.approx((np.tanh(np.tanh(-1)), np.tanh(-1)))  # written anew
    assert cell(wide, wide, 0.5, shut) == pytest.approx((0, 0.7 + np.tanh(0.5)))  # added to


def test_a_cell_that_is_kept_hands_its_gradient_on_unchanged() -> None:
    """The constant error carousel: with the input gate shut and the forget gate open, dc = dc'."""
    weights = np.zeros((8, 3)), np.zeros((8, 2)), np.repeat([-50.0, 50.0, 0.0, -50.0], 2)
    _, cache = lstm_cell(normal(4, 3), normal(4, 2), normal(4, 2, seed=1), *weights)
    dc_new = normal(4, 2, seed=2)
    _, _, dc, *_ = lstm_cell_backward((None, dc_new), cache)
    np.testing.assert_allclose(dc, dc_new)


def test_the_two_biases_have_equal_gradients_in_arrays_of_their_own() -> None:
    (h_new, c_new), cache = lstm_cell(*KIND.cell_arrays())
    *_, dbias_ih, dbias_hh = lstm_cell_backward((normal(*h_new.shape), normal(*c_new.shape)), cache)
    np.testing.assert_array_equal(dbias_ih, dbias_hh)
    assert not np.shares_memory(dbias_ih, dbias_hh)
