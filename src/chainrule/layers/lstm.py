"""LSTM as a layer."""

from __future__ import annotations

from typing import Any

from chainrule.functions import lstm, lstm_backward

from .recurrent_stack import RecurrentStack
from .recurrent_weights import RecurrentInit, set_forget_bias


class LSTM(RecurrentStack):
    """A long short-term memory: a cell c beside the state h, and gates i, f, g, o, in this order.

    (output, (h_n, c_n)), cache = forward(x, (h_0, c_0), lengths). See `chainrule.layers.recurrent_stack`
    for shapes, states and truncated BPTT, `chainrule.functions.lstm_cell` and `lstm` for the mathematics, and
    `recurrent_weights` for recurrent_init: "torch", "orthogonal" or "identity".

    Parameters, for layer 0: weight_ih_l0 (4 hidden_size, input_size), weight_hh_l0 (4 hidden_size,
    hidden_size), bias_ih_l0 and bias_hh_l0 (4 hidden_size,); `..._l0_reverse` for the second direction.
    dropout is the probability to drop a number between two layers.

    forget_bias: None, the default, leaves the forget gates' biases as PyTorch has them. A number becomes
    their sum: forget_bias in bias_ih, 0 in bias_hh. With 1, all gates begin more open than shut, and
    gradients reach further back from the first step on (Jozefowicz, Zaremba and Sutskever 2015).
    """

    pair = (lstm, lstm_backward)
    gates = 4
    states = ("h", "c")

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
        forget_bias: float | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            input_size, hidden_size, num_layers, bias, dropout, bidirectional, recurrent_init, dtype
        )
        if forget_bias is not None:
            for layer in range(num_layers):
                for suffix, _ in self.runs(layer):
                    bias_ih, bias_hh = (getattr(self, name + suffix) for name in ("bias_ih", "bias_hh"))
                    set_forget_bias(bias_ih, bias_hh, forget_bias)
