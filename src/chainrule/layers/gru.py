"""GRU as a layer."""

from __future__ import annotations

from typing import Any

from chainrule.functions import gru, gru_backward

from .recurrent_stack import RecurrentStack
from .recurrent_weights import RecurrentInit


class GRU(RecurrentStack):
    """A gated recurrent unit: gates r and z, the new n, in this order, and no cell.

    (output, h_n), cache = forward(x, h_0, lengths). See `chainrule.layers.recurrent_stack` for shapes, states
    and truncated BPTT, `chainrule.functions.gru_cell` and `gru` for the mathematics, and `recurrent_weights`
    for recurrent_init: "torch", "orthogonal" or "identity".

    Parameters, for layer 0: weight_ih_l0 (3 hidden_size, input_size), weight_hh_l0 (3 hidden_size,
    hidden_size), bias_ih_l0 and bias_hh_l0 (3 hidden_size,); `..._l0_reverse` for the second direction.
    dropout is the probability to drop a number between two layers.
    """

    pair = (gru, gru_backward)
    gates = 3

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        *,
        dropout: float = 0.0,
        bidirectional: bool = False,
        recurrent_init: RecurrentInit = "torch",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            input_size, hidden_size, num_layers, bias, dropout, bidirectional, recurrent_init, dtype
        )
