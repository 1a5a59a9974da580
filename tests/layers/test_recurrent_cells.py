"""RNNCell, LSTMCell and GRUCell: the protocol, PyTorch, and a loop over a cell against the layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from protocol import check_layer, compare_layer, normal, torch_or_skip

from chainrule.layers import GRU, LSTM, RNN, GRUCell, Layer, LSTMCell, RNNCell

every_cell = pytest.mark.parametrize("cell_type", [RNNCell, LSTMCell, GRUCell])
X = normal(3, 5)


def state_of(cell_type: type[Layer], seed: int = 0) -> Any:
    h, c = normal(3, 2, seed=seed + 1), normal(3, 2, seed=seed + 2)
    return (h, c) if cell_type is LSTMCell else h


@every_cell
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("given", [True, False], ids=["state", "no state"])
def test_the_protocol_holds(cell_type: type[Layer], given: bool, bias: bool) -> None:
    state = state_of(cell_type) if given else None
    allow_zero = {} if given else {"weight_hh": "a state of zeros is multiplied by it"}
    check_layer(cell_type(5, 2, bias, dtype="float64"), X, state, allow_zero=allow_zero)


@every_cell
@pytest.mark.parametrize("bias", [True, False])
def test_pytorch_agrees(cell_type: type[Layer], bias: bool) -> None:
    theirs = getattr(torch_or_skip().nn, cell_type.__name__)(5, 2, bias=bias)
    compare_layer(cell_type(5, 2, bias), theirs, X, state_of(cell_type))


def test_relu() -> None:
    cell = RNNCell(5, 4, nonlinearity="relu", dtype="float64")
    check_layer(cell, X, normal(3, 4))
    theirs = torch_or_skip().nn.RNNCell(5, 4, nonlinearity="relu")
    compare_layer(RNNCell(5, 4, nonlinearity="relu"), theirs, X, normal(3, 4))


def test_none_stands_for_zero_in_an_lstms_upstream() -> None:
    cell, dh, dc = LSTMCell(5, 2, dtype="float64"), normal(3, 2, seed=3), normal(3, 2, seed=4)
    _, cache = cell.forward(X, state_of(LSTMCell))
    for with_none, with_zeros in (((dh, None), (dh, 0 * dc)), ((None, dc), (0 * dh, dc))):
        dx, dstate = cell.backward(with_none, cache)
        expected_dx, expected_dstate = cell.backward(with_zeros, cache)
        np.testing.assert_array_equal(dx, expected_dx)
        np.testing.assert_array_equal(np.array(dstate), np.array(expected_dstate))


@pytest.mark.parametrize(("cell_type", "layer_type"), [(RNNCell, RNN), (LSTMCell, LSTM), (GRUCell, GRU)])
def test_a_loop_over_the_cell_is_the_layer(cell_type: type[Layer], layer_type: type[Layer]) -> None:
    """As in the module's docstring: one cell, one cache per step, gradients added up."""
    layer, cell = layer_type(5, 2, dtype="float64"), cell_type(5, 2, dtype="float64")
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in layer.state_dict().items()})
    x, doutput = normal(3, 4, 5), normal(3, 4, 2, seed=3)
    (output, _), layer_cache = layer.forward(x)
    dx, *_ = layer.backward((doutput, None), layer_cache)

    is_lstm, state, caches, steps = cell_type is LSTMCell, None, [], []
    for t in range(4):
        state, cache = cell.forward(x[:, t], state)
        caches.append(cache)
        steps.append(state[0] if is_lstm else state)
    dcell_x = np.zeros_like(x)
    dh, dc = np.zeros((3, 2)), np.zeros((3, 2))
    for t in reversed(range(4)):
        dh = dh + doutput[:, t]
        dcell_x[:, t], dstate = cell.backward((dh, dc) if is_lstm else dh, caches[t])
        if t > 0:
            dh, dc = dstate if is_lstm else (dstate, dc)
    np.testing.assert_allclose(np.stack(steps, axis=1), output, rtol=1e-12)
    np.testing.assert_allclose(dcell_x, dx, rtol=1e-12)
    for a, b in zip(cell.parameters(), layer.parameters(), strict=True):
        np.testing.assert_allclose(a.grad, b.grad, rtol=1e-12)


@every_cell
def test_wrong_states_are_met_by_name(cell_type: type[Layer]) -> None:
    cell, wrong = cell_type(5, 2, dtype="float64"), np.zeros((2, 3))
    with pytest.raises(ValueError, match=r"_cell expects h \(batch 3, hidden 2\), got \(2, 3\)"):
        cell(X, (wrong, wrong) if cell_type is LSTMCell else wrong)


def test_repr_shows_what_is_not_the_default() -> None:
    assert repr(RNNCell(3, 4)) == "RNNCell(3, 4)"
    assert repr(RNNCell(3, 4, False, "relu")) == "RNNCell(3, 4, bias=False, nonlinearity='relu')"
    assert repr(LSTMCell(3, 4)) == "LSTMCell(3, 4)"


def test_another_nonlinearity_is_an_error() -> None:
    with pytest.raises(ValueError, match="RNNCell: nonlinearity must be 'tanh' or 'relu', got 'sin'"):
        RNNCell(5, 2, nonlinearity="sin")
