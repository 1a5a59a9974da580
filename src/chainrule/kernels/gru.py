"""The twin of gru: compiled loops, and one matrix product over all time steps wherever there can be one."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule.functions.arrays import Array

from .recurrent import Given, applies, upstream


class CompiledGruCache(NamedTuple):
    """Arrays count time first; h holds time + 1 states: the first one stands where the loop began."""

    given: Given
    gates: Array  # r, z, n
    m: Array
    h: Array


def gru(
    x: Array, h0: Array, weight_ih: Array, weight_hh: Array, bias_ih: Array | None = None,
    bias_hh: Array | None = None, lengths: Array | None = None, reverse: bool = False,
) -> Any:  # fmt: skip
    """As chainrule.functions.gru; NotImplemented where it does not apply."""
    if not applies(x, weight_ih, weight_hh, h0, bias_ih, bias_hh):
        return NotImplemented
    from .gru_loops import gru_forward

    weights, biases = (weight_ih, weight_hh), (bias_ih, bias_hh)
    given = Given.check("gru", 3, x, {"h0": h0}, weights, biases, lengths, reverse)
    gates, h = given.from_x(), given.states(h0)
    m = np.empty_like(h[1:])
    gru_forward(given.weight_hh, given.bias_ih, given.bias_hh, given.lengths, reverse, gates, m, h)
    return (given.output(h), given.last(h)), CompiledGruCache(given, gates, m, h)


def gru_backward(dy: Any, cache: CompiledGruCache) -> tuple[Array | None, ...]:
    """As chainrule.functions.gru_backward."""
    from .gru_loops import gru_backward as loops

    given, gates, m, h = cache
    doutput, (dh,) = upstream(dy, h)
    dfrom_x, dfrom_h = np.empty_like(gates), np.empty_like(gates)
    loops(given.weight_hh, given.lengths, given.reverse, gates, m, h, doutput, dh, dfrom_x, dfrom_h)
    dx, *dweights = given.gradients(dfrom_x, dfrom_h, h)
    return dx, dh, *dweights, None
