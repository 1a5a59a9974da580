"""The twin of lstm: compiled loops, and one matrix product over all time steps wherever there can be one."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule.functions.arrays import Array

from .recurrent import Given, applies, upstream


class CompiledLstmCache(NamedTuple):
    """Arrays count time first; h and c hold time + 1 states: the first one stands where the loop began."""

    given: Given
    gates: Array  # i, f, g, o
    c: Array
    tanh_c: Array
    h: Array


def lstm(
    x: Array, h0: Array, c0: Array, weight_ih: Array, weight_hh: Array, bias_ih: Array | None = None,
    bias_hh: Array | None = None, lengths: Array | None = None, reverse: bool = False,
) -> Any:  # fmt: skip
    """As chainrule.functions.lstm; NotImplemented where it does not apply."""
    if not applies(x, weight_ih, weight_hh, h0, c0, bias_ih, bias_hh):
        return NotImplemented
    from .lstm_loops import lstm_forward

    states, weights, biases = {"h0": h0, "c0": c0}, (weight_ih, weight_hh), (bias_ih, bias_hh)
    given = Given.check("lstm", 4, x, states, weights, biases, lengths, reverse)
    gates, h, c = given.from_x(), given.states(h0), given.states(c0)
    tanh_c = np.empty_like(h[1:])
    bias = given.bias_ih + given.bias_hh
    lstm_forward(given.weight_hh, bias, given.lengths, reverse, gates, c, tanh_c, h)
    y = given.output(h), given.last(h), given.last(c)
    return y, CompiledLstmCache(given, gates, c, tanh_c, h)


def lstm_backward(dy: Any, cache: CompiledLstmCache) -> tuple[Array | None, ...]:
    """As chainrule.functions.lstm_backward."""
    from .lstm_loops import lstm_backward as loops

    given, gates, c, tanh_c, h = cache
    doutput, (dh, dc) = upstream(dy, h)
    da = np.empty_like(gates)
    loops(given.weight_hh, given.lengths, given.reverse, gates, c, tanh_c, doutput, dh, dc, da)
    dx, *dweights = given.gradients(da, da, h)
    return dx, dh, dc, *dweights, None
