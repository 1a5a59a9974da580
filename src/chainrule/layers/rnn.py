"""RNN as a layer."""

from __future__ import annotations

from typing import Any

from chainrule.functions import rnn, rnn_backward
from chainrule.functions.rnn_cell import Nonlinearity, check_nonlinearity

from .recurrent_stack import RecurrentStack
from .recurrent_weights import RecurrentInit


class RNN(RecurrentStack):
    """h[t] = tanh(x[t] W_ihᵀ + b_ih + h[t-1] W_hhᵀ + b_hh), or relu.

    (output, h_n), cache = forward(x, h_0, lengths). See `chainrule.layers.recurrent_stack` for shapes, states
    and truncated BPTT, `chainrule.functions.rnn` for the mathematics, and `recurrent_weights` for
    recurrent_init: "torch", "orthogonal" or "identity" (with nonlinearity="relu" an IRNN).

    Parameters, for layer 0: weight_ih_l0 (hidden_size, input_size), weight_hh_l0 (hidden_size, hidden_size),
    bias_ih_l0 and bias_hh_l0 (hidden_size,); `..._l0_reverse` for the second direction. dropout is the
    probability to drop a number between two layers.
    """

    pair = (rnn, rnn_backward)
    gates = 1
    options = ("nonlinearity",)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: Nonlinearity = "tanh",
        bias: bool = True,
        *,
        dropout: float = 0.0,
        bidirectional: bool = False,
        recurrent_init: RecurrentInit = "torch",
        dtype: Any = None,
    ) -> None:
        check_nonlinearity("RNN", nonlinearity)
        self.nonlinearity = nonlinearity
        super().__init__(
            input_size, hidden_size, num_layers, bias, dropout, bidirectional, recurrent_init, dtype
        )
