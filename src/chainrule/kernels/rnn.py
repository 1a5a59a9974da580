"""The twin of rnn: compiled loops, and one matrix product over all time steps wherever there can be one."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.functions.rnn_cell import Nonlinearity, check_nonlinearity

from .recurrent import Given, applies, upstream


class CompiledRnnCache(NamedTuple):
    """Arrays count time first; h holds time + 1 states: the first one stands where the loop began."""

    given: Given
    h: Array
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
    weights, biases = (weight_ih, weight_hh), (bias_ih, bias_hh)
    given = Given.check("rnn", 1, x, {"h0": h0}, weights, biases, lengths, reverse)
    h = given.states(h0)
    bias = given.bias_ih + given.bias_hh
    rnn_forward(given.weight_hh, bias, given.lengths, reverse, nonlinearity == "relu", given.from_x(), h)
    return (given.output(h), given.last(h)), CompiledRnnCache(given, h, nonlinearity)


def rnn_backward(dy: Any, cache: CompiledRnnCache) -> tuple[Array | None, ...]:
    """As chainrule.functions.rnn_backward."""
    from .rnn_loops import rnn_backward as loops

    given, h, nonlinearity = cache
    doutput, (dh,) = upstream(dy, h)
    da = np.empty_like(h[1:])
    loops(given.weight_hh, given.lengths, given.reverse, nonlinearity == "relu", h, doutput, dh, da)
    dx, *dweights = given.gradients(da, da, h)
    return dx, dh, *dweights, None
