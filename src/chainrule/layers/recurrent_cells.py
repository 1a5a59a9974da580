"""RNNCell, LSTMCell and GRUCell: one time step as a layer.

    h, cache = cell.forward(x, h)                      # LSTMCell: (h, c), cache = cell.forward(x, (h, c))
    dx, dh = cell.backward(dh, cache)

    x (batch, input_size), each state (batch, hidden_size); without a state it begins with zeros

For loops that are not a plain walk through a sequence: a decoder that reads its own answers, attention at
every step. Where all inputs are known, RNN, LSTM and GRU do the same faster. One cell serves all steps, and
each step has its cache; backward goes through them from the last to the first:

    for t in range(time):
        h, cache = cell.forward(x[:, t], h)
        caches.append(cache)
        ...
    for t in reversed(range(time)):
        dx[:, t], dh = cell.backward(dh + doutput[:, t], caches[t])     # the step after, and from above

Parameters: weight_ih (gates x hidden_size, input_size), weight_hh (gates x hidden_size, hidden_size), bias_ih
and bias_hh (gates x hidden_size,). recurrent_init: see `recurrent_weights`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from chainrule.functions import (
    gru_cell,
    gru_cell_backward,
    lstm_cell,
    lstm_cell_backward,
    rnn_cell,
    rnn_cell_backward,
)
from chainrule.functions.arrays import Array
from chainrule.functions.rnn_cell import Nonlinearity, check_nonlinearity

from .parameter import Parameter
from .recurrent import Recurrent
from .recurrent_weights import RecurrentInit, set_forget_bias


class CellCache(NamedTuple):
    step: Any  # the function's cache
    state_given: bool


class RecurrentCell(Recurrent):
    """The base of the three cells."""

    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, recurrent_init: RecurrentInit, dtype: Any
    ) -> None:
        self.input_size, self.hidden_size = input_size, hidden_size
        self.new_weights(input_size, bias, recurrent_init, dtype)

    def forward(self, x: Array, state: Any = None) -> tuple[Any, CellCache]:
        """Returns (new state, cache).

        Raises ValueError for shapes that do not fit, TypeError for mixed dtypes.
        """
        initial = self.initial_states(x, state, (x.shape[0], self.hidden_size))
        new, cache = self.run(x, initial)
        return new, CellCache(cache, state is not None)

    def backward(self, dstate: Any, cache: CellCache) -> tuple[Array, Any]:
        """dstate is the new state's gradient; returns (dx, the old state's, or None where forward had none).

        None in place of one of an LSTM's two stands for zero.
        """
        dx, dinitial = self.run_backward(dstate, cache.step)
        return dx, self.as_state(dinitial) if cache.state_given else None

    def extra_repr(self) -> str:
        no_bias = ", bias=False" if self.bias_ih is None else ""
        relu = ", nonlinearity='relu'" if getattr(self, "nonlinearity", "tanh") == "relu" else ""
        return f"{self.input_size}, {self.hidden_size}{no_bias}{relu}"


class RNNCell(RecurrentCell):
    """h' = tanh(x W_ihᵀ + b_ih + h W_hhᵀ + b_hh), or relu. See `chainrule.functions.rnn_cell`."""

    pair = (rnn_cell, rnn_cell_backward)
    gates = 1
    options = ("nonlinearity",)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: Nonlinearity = "tanh",
        *,
        recurrent_init: RecurrentInit = "torch",
        dtype: Any = None,
    ) -> None:
        check_nonlinearity("RNNCell", nonlinearity)
        self.nonlinearity = nonlinearity
        super().__init__(input_size, hidden_size, bias, recurrent_init, dtype)


class LSTMCell(RecurrentCell):
    """Gates i, f, g, o around a cell: (h, c) becomes (h', c'). See `chainrule.functions.lstm_cell`, and LSTM
    for forget_bias.
    """

    pair = (lstm_cell, lstm_cell_backward)
    gates = 4
    states = ("h", "c")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        recurrent_init: RecurrentInit = "torch",
        forget_bias: float | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_init, dtype)
        if forget_bias is not None:
            set_forget_bias(self.bias_ih, self.bias_hh, forget_bias)


class GRUCell(RecurrentCell):
    """Gates r and z, the new n, and h', their mixture. See `chainrule.functions.gru_cell`."""

    pair = (gru_cell, gru_cell_backward)
    gates = 3

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        recurrent_init: RecurrentInit = "torch",
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_init, dtype)
