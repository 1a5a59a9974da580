"""The twin of rnn: compiled loops, and one matrix product over all time steps wherever there can be one."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.functions.rnn_cell import Nonlinearity, check_nonlinearity

from .recurrent import Prepared, applies, present, rows, upstream, weight_gradients


class CompiledRnnCache(NamedTuple):
    """Arrays count time first; h holds time + 1 states: the first one stands where the loop began."""

    x: Array
    weight_ih: Array
    weight_hh: Array
    has_bias: tuple[bool, bool]
    h: Array
    lengths: Array
    reverse: bool
    nonlinearity: Nonlinearity


def rnn(
    x: Array, h0: Array, weight_ih: Array, weight_hh: Array, bias_ih: Array | None = None,
    bias_hh: Array | None = None, lengths: Array | None = None, reverse: bool = False,
    nonlinearity: Nonlinearity = "tanh",
) -> Any:  # fmt: skip
    """As chainrule.functions.rnn; NotImplemented where it does not apply."""
    if not applies(x, weight_ih, weight_hh, h0, bias_ih, bias_hh):
        return NotImplemented
    from .rnn_loops import rnn_forward

    check_nonlinearity("rnn", nonlinearity)
    given = Prepared("rnn", 1, x, {"h0": h0}, (weight_ih, weight_hh), (bias_ih, bias_hh), lengths)
    from_x = (rows(given.x) @ given.weight_ih.T).reshape(given.time, given.batch, -1)
    h = given.states(h0, reverse)
    bias = given.bias_ih + given.bias_hh
    rnn_forward(given.weight_hh, bias, given.lengths, reverse, nonlinearity == "relu", from_x, h)

    has_bias = bias_ih is not None, bias_hh is not None
    cache = CompiledRnnCache(
        given.x, given.weight_ih, given.weight_hh, has_bias, h, given.lengths, reverse, nonlinearity
    )
    return (given.output(h, reverse), h[0 if reverse else -1].copy()), cache


def rnn_backward(dy: Any, cache: CompiledRnnCache) -> tuple[Array | None, ...]:
    """As chainrule.functions.rnn_backward."""
    from .rnn_loops import rnn_backward as loops

    x, weight_ih, weight_hh, has_bias, h, lengths, reverse, nonlinearity = cache
    doutput, (dh,) = upstream(dy, h, reverse)
    da = np.empty_like(h[1:])
    loops(weight_hh, lengths, reverse, nonlinearity == "relu", h, doutput, dh, da)
    before = h[1:] if reverse else h[:-1]
    dx, dweight_ih, dweight_hh, *dbiases = weight_gradients(da, da, x, before, weight_ih)
    return dx, dh, dweight_ih, dweight_hh, *present(dbiases, has_bias), None
