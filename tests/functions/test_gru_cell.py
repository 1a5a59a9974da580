"""One step of a GRU."""

from __future__ import annotations

import numpy as np
import pytest
from protocol import check_function, compare_function, torch_or_skip

from chainrule.functions import gru_cell, gru_cell_backward

from .recurrent_cases import KINDS

PAIR = (gru_cell, gru_cell_backward)
KIND = KINDS["gru"]


@pytest.mark.parametrize("bias", [True, False])
def test_the_protocol_holds(bias: bool) -> None:
    check_function(*PAIR, KIND.cell_arrays(bias=bias))


@pytest.mark.parametrize("absent", [4, 5])
def test_either_bias_may_be_absent(absent: int) -> None:
    arrays = KIND.cell_arrays()
    arrays[absent] = None
    check_function(*PAIR, arrays)


def test_pytorch_agrees() -> None:
    compare_function(*PAIR, torch_or_skip().gru_cell, KIND.cell_arrays())


def test_gates_do_what_their_names_say() -> None:
    """Driven by the biases alone, in the order r, z, n; m is the recurrent bias of n."""
    x, h = np.zeros((1, 3)), np.full((1, 1), 0.7)
    weights = np.zeros((3, 3)), np.zeros((3, 1))

    def cell(r: float, z: float, n: float, m: float) -> float:
        h_new, _ = gru_cell(x, h, *weights, np.array([r, z, n]), np.array([0, 0, m]))
        return float(h_new[0, 0])

    shut, wide = -50.0, 50.0
    assert cell(wide, wide, 0.3, 0.4) == pytest.approx(0.7)  # z open: the old state stays
    assert cell(wide, shut, 0.3, 0.4) == pytest.approx(np.tanh(0.3 + 0.4))  # the new sees the old
    assert cell(shut, shut, 0.3, 0.4) == pytest.approx(np.tanh(0.3))  # r shuts out m, bias and all
    assert cell(shut, 0.0, 0.3, 0.4) == pytest.approx((0.7 + np.tanh(0.3)) / 2)  # half and half
