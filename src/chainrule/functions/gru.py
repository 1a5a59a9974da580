"""A gated recurrent unit over a whole sequence.

    h = h0;   for every t:   h = gru_cell(x[t], h),   output[t] = h

**Back-propagation through time** is that of rnn: the gradient from above and the one from the step after add
up. The latter comes in two parts, as h[t-1] was used twice: straight through z, and through the matrix. The
straight part is what makes gradients live longer than in an RNN: along it, ∂h[t]/∂h[s] is
z[t] ∘ ... ∘ z[s+1], a product of gates and not of matrices (compare lstm).

Two gradients have to be kept per step, and not one as in rnn and lstm: x's share of n and h's share of n
differ by r.

(Cho et al. 2014.) One step alone, and its mathematics: gru_cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .arrays import Array
from .gru_cell import GruStep, gru_step, gru_step_backward
from .linear import LinearCache, linear, linear_backward
from .recurrence import (
    SEQUENCE_AXES,
    check_recurrent,
    previous_states,
    time_steps,
    valid_steps,
    zeros_if_none,
)

if TYPE_CHECKING:
    from .arrays import Bool, Float, Int


class GruCache(NamedTuple):
    x: Float[Array, "batch time features"]  # 0 in the padding
    h0: Float[Array, "batch hidden"]
    weight_ih: Float[Array, "3_hidden features"]
    weight_hh: Float[Array, "3_hidden hidden"]
    bias_ih: Float[Array, " 3_hidden"] | None
    bias_hh: Float[Array, " 3_hidden"] | None
    r: Float[Array, "batch time hidden"]
    z: Float[Array, "batch time hidden"]
    m: Float[Array, "batch time hidden"]
    n: Float[Array, "batch time hidden"]
    h: Float[Array, "batch time hidden"]  # the state after each step; in the padding it stays what it was
    valid: Bool[Array, "batch time 1"]
    reverse: bool


def gru(
    x: Float[Array, "batch time features"],
    h0: Float[Array, "batch hidden"],
    weight_ih: Float[Array, "3_hidden features"],
    weight_hh: Float[Array, "3_hidden hidden"],
    bias_ih: Float[Array, " 3_hidden"] | None = None,
    bias_hh: Float[Array, " 3_hidden"] | None = None,
    lengths: Int[Array, " batch"] | None = None,
    reverse: bool = False,
) -> tuple[tuple[Float[Array, "batch time hidden"], Float[Array, "batch hidden"]], GruCache]:
    """Returns (output, h_n), cache: the state after every step, and after the last one.

    lengths: how many steps of each sample are real, from 1 to time; default: all. Behind them the output is
    0, and h_n is the state of the last valid step. reverse: from the last (valid) step to the first;
    output[:, t] is still that of step t, and h_n that of step 0.

    Raises ValueError for shapes or lengths that do not fit, TypeError for mixed dtypes.
    """
    check_recurrent("gru", 3, x, SEQUENCE_AXES, {"h0": h0}, (weight_ih, weight_hh), (bias_ih, bias_hh))
    valid = valid_steps("gru", x, lengths)                             # (batch, time, 1)
    x = np.where(valid, x, 0)                                          # whatever stood in the padding
    from_x, _ = linear(x, weight_ih, bias_ih)                          # (batch, time, 3 hidden), all steps

    each = from_x[..., : h0.shape[1]]                                  # (batch, time, hidden)
    r, z, m, n, h = (np.empty_like(each) for _ in range(5))
    state = h0                                                         # (batch, hidden)
    for t in time_steps(x.shape[1], reverse):
        from_h, _ = linear(state, weight_hh, bias_hh)                  # (batch, 3 hidden)
        r[:, t], z[:, t], m[:, t], n[:, t], h_new = gru_step(from_x[:, t], from_h, state)
        state = np.where(valid[:, t], h_new, state)                    # in the padding it stays what it was
        h[:, t] = state

    output = np.where(valid, h, 0)
    cache = GruCache(x, h0, weight_ih, weight_hh, bias_ih, bias_hh, r, z, m, n, h, valid, reverse)
    return (output, state), cache


def gru_backward(
    dy: tuple[Float[Array, "batch time hidden"] | None, Float[Array, "batch hidden"] | None], cache: GruCache
) -> tuple[
    Float[Array, "batch time features"],
    Float[Array, "batch hidden"],
    Float[Array, "3_hidden features"],
    Float[Array, "3_hidden hidden"],
    Float[Array, " 3_hidden"] | None,
    Float[Array, " 3_hidden"] | None,
    None,
]:
    """dy = (doutput, dh_n); None stands for zero.

    Returns (dx, dh0, dweight_ih, dweight_hh, dbias_ih, dbias_hh, None): lengths have no gradient.
    """
    x, h0, weight_ih, weight_hh, bias_ih, bias_hh, r, z, m, n, h, valid, reverse = cache
    doutput = np.where(valid, zeros_if_none(dy[0], h), 0)              # output = np.where(valid, h, 0)
    dstate = zeros_if_none(dy[1], h0)                                  # (batch, hidden)
    before = previous_states(h, h0, reverse)                           # (batch, time, hidden)

    rows = (*h.shape[:2], weight_hh.shape[0])
    dfrom_x = np.empty(rows, dtype=h.dtype, like=h)                    # (batch, time, 3 hidden)
    dfrom_h = np.empty_like(dfrom_x)
    for t in reversed(time_steps(x.shape[1], reverse)):
        dh = doutput[:, t] + dstate                                    # from above, and from the step after
        step = GruStep(*(sequence[:, t] for sequence in (r, z, m, n, h)))
        dfrom_x_t, dfrom_h_t, straight = gru_step_backward(dh, step, before[:, t])
        dfrom_x[:, t] = np.where(valid[:, t], dfrom_x_t, 0)
        dfrom_h[:, t] = np.where(valid[:, t], dfrom_h_t, 0)
        # on to the step before: straight through z, and through the matrix; in the padding past both
        dstate = np.where(valid[:, t], straight + dfrom_h_t @ weight_hh, dh)

    # all steps shared the weights: one product sums over samples and steps
    dfrom_h_rows = dfrom_h.reshape(-1, dfrom_h.shape[-1])              # (batch x time, 3 hidden)
    dbias_hh = None if bias_hh is None else dfrom_h_rows.sum(0)
    dweight_hh = dfrom_h_rows.T @ before.reshape(-1, h.shape[-1])      # from_h = state @ weight_hh.T + ...
    dx, dweight_ih, dbias_ih = linear_backward(dfrom_x, LinearCache(x, weight_ih, bias_ih))
    return dx, dstate, dweight_ih, dweight_hh, dbias_ih, dbias_hh, None
