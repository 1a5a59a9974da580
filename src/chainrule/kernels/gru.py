"""The twin of gru: compiled loops, and one matrix product over all time steps wherever there can be one."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule.functions.arrays import Array

from .recurrent import Prepared, applies, present, rows, upstream, weight_gradients


class CompiledGruCache(NamedTuple):
    """Arrays count time first; h holds time + 1 states: the first one stands where the loop began."""

    x: Array
    weight_ih: Array
    weight_hh: Array
    has_bias: tuple[bool, bool]
    gates: Array  # r, z, n
    m: Array
    h: Array
    lengths: Array
    reverse: bool


def gru(
    x: Array, h0: Array, weight_ih: Array, weight_hh: Array, bias_ih: Array | None = None,
    bias_hh: Array | None = None, lengths: Array | None = None, reverse: bool = False,
) -> Any:  # fmt: skip
    """As chainrule.functions.gru; NotImplemented where it does not apply."""
    if not applies(x, weight_ih, weight_hh, h0, bias_ih, bias_hh):
        return NotImplemented
    from .gru_loops import gru_forward

    given = Prepared("gru", 3, x, {"h0": h0}, (weight_ih, weight_hh), (bias_ih, bias_hh), lengths)
    gates = (rows(given.x) @ given.weight_ih.T).reshape(given.time, given.batch, -1)
    h = given.states(h0, reverse)
    m = np.empty_like(h[1:])
    gru_forward(given.weight_hh, given.bias_ih, given.bias_hh, given.lengths, reverse, gates, m, h)

    has_bias = bias_ih is not None, bias_hh is not None
    cache = CompiledGruCache(
        given.x, given.weight_ih, given.weight_hh, has_bias, gates, m, h, given.lengths, reverse
    )
    return (given.output(h, reverse), h[0 if reverse else -1].copy()), cache


def gru_backward(dy: Any, cache: CompiledGruCache) -> tuple[Array | None, ...]:
    """As chainrule.functions.gru_backward."""
    from .gru_loops import gru_backward as loops

    x, weight_ih, weight_hh, has_bias, gates, m, h, lengths, reverse = cache
    doutput, (dh,) = upstream(dy, h, reverse)
    dfrom_x, dfrom_h = np.empty_like(gates), np.empty_like(gates)
    loops(weight_hh, lengths, reverse, gates, m, h, doutput, dh, dfrom_x, dfrom_h)
    before = h[1:] if reverse else h[:-1]
    dx, dweight_ih, dweight_hh, *dbiases = weight_gradients(dfrom_x, dfrom_h, x, before, weight_ih)
    return dx, dh, dweight_ih, dweight_hh, *present(dbiases, has_bias), None
