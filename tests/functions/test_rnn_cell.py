"""One step of an RNN."""

from __future__ import annotations

import numpy as np
import pytest
from protocol import check_function, compare_function, normal, torch_or_skip

from chainrule.functions import rnn_cell, rnn_cell_backward

from .recurrent_cases import KINDS

PAIR = (rnn_cell, rnn_cell_backward)
KIND = KINDS["rnn"]


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
@pytest.mark.parametrize("bias", [True, False])
def test_the_protocol_holds(nonlinearity: str, bias: bool) -> None:
    check_function(*PAIR, KIND.cell_arrays(bias=bias), kwargs={"nonlinearity": nonlinearity})


@pytest.mark.parametrize("absent", [4, 5])
def test_either_bias_may_be_absent(absent: int) -> None:
    arrays = KIND.cell_arrays()
    arrays[absent] = None
    check_function(*PAIR, arrays)


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_pytorch_agrees(nonlinearity: str) -> None:
    torch = torch_or_skip()
    theirs = {"tanh": torch.rnn_tanh_cell, "relu": torch.rnn_relu_cell}[nonlinearity]
    kwargs = {"nonlinearity": nonlinearity}
    compare_function(*PAIR, theirs, KIND.cell_arrays(), kwargs=kwargs, torch_kwargs={})


def test_it_is_two_linear_layers_and_a_nonlinearity() -> None:
    x, h, weight_ih, weight_hh, bias_ih, bias_hh = arrays = KIND.cell_arrays()
    h_new, _ = rnn_cell(*arrays)
    np.testing.assert_allclose(h_new, np.tanh(x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh))


def test_the_two_biases_have_equal_gradients_in_arrays_of_their_own() -> None:
    """Whoever scales one in place, as clipping does, must not scale the other."""
    h_new, cache = rnn_cell(*KIND.cell_arrays())
    *_, dbias_ih, dbias_hh = rnn_cell_backward(normal(*h_new.shape), cache)
    np.testing.assert_array_equal(dbias_ih, dbias_hh)
    assert not np.shares_memory(dbias_ih, dbias_hh)


def test_a_state_is_transposed_and_never_reshaped() -> None:
    """The numbers of the docstring: after a reshape, sample a holds a number of sample b."""
    h = np.array([["a1", "b1"], ["a2", "b2"], ["a3", "b3"]])  # (hidden, batch)
    assert h.T.tolist() == [["a1", "a2", "a3"], ["b1", "b2", "b3"]]
    assert h.reshape(2, 3).tolist() == [["a1", "b1", "a2"], ["b2", "a3", "b3"]]


def test_another_nonlinearity_is_an_error() -> None:
    with pytest.raises(ValueError, match="rnn_cell: nonlinearity must be 'tanh' or 'relu', got 'sigmoid'"):
        rnn_cell(*KIND.cell_arrays(), nonlinearity="sigmoid")
