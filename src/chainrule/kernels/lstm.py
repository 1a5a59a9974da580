"""The twin of lstm: compiled loops, and one matrix product over all time steps wherever there can be one."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule.functions.arrays import Array

from .recurrent import Prepared, applies, present, rows, upstream, weight_gradients


class CompiledLstmCache(NamedTuple):
    """Arrays count time first; h and c hold time + 1 states: the first one stands where the loop began."""

    x: Array
    weight_ih: Array
    weight_hh: Array
    has_bias: tuple[bool, bool]
    gates: Array  # i, f, g, o
    c: Array
    tanh_c: Array
    h: Array
    lengths: Array
    reverse: bool


def lstm(
    x: Array, h0: Array, c0: Array, weight_ih: Array, weight_hh: Array, bias_ih: Array | None = None,
    bias_hh: Array | None = None, lengths: Array | None = None, reverse: bool = False,
) -> Any:  # fmt: skip
    """As chainrule.functions.lstm; NotImplemented where it does not apply."""
    if not applies(x, weight_ih, weight_hh, h0, c0, bias_ih, bias_hh):
        return NotImplemented
    from .lstm_loops import lstm_forward

    given = Prepared("lstm", 4, x, {"h0": h0, "c0": c0}, (weight_ih, weight_hh), (bias_ih, bias_hh), lengths)
    gates = (rows(given.x) @ given.weight_ih.T).reshape(given.time, given.batch, -1)
    h, c = given.states(h0, reverse), given.states(c0, reverse)
    tanh_c = np.empty_like(h[1:])
    bias = given.bias_ih + given.bias_hh
    lstm_forward(given.weight_hh, bias, given.lengths, reverse, gates, c, tanh_c, h)

    has_bias = bias_ih is not None, bias_hh is not None
    cache = CompiledLstmCache(
        given.x, given.weight_ih, given.weight_hh, has_bias, gates, c, tanh_c, h, given.lengths, reverse
    )
    last = 0 if reverse else -1
    return (given.output(h, reverse), h[last].copy(), c[last].copy()), cache


def lstm_backward(dy: Any, cache: CompiledLstmCache) -> tuple[Array | None, ...]:
    """As chainrule.functions.lstm_backward."""
    from .lstm_loops import lstm_backward as loops

    x, weight_ih, weight_hh, has_bias, gates, c, tanh_c, h, lengths, reverse = cache
    doutput, (dh, dc) = upstream(dy, h, reverse)
    da = np.empty_like(gates)
    loops(weight_hh, lengths, reverse, gates, c, tanh_c, doutput, dh, dc, da)
    before = h[1:] if reverse else h[:-1]
    dx, dweight_ih, dweight_hh, *dbiases = weight_gradients(da, da, x, before, weight_ih)
    return dx, dh, dc, dweight_ih, dweight_hh, *present(dbiases, has_bias), None
