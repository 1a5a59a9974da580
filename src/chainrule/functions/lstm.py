"""A long short-term memory over a whole sequence.

    h, c = h0, c0;   for every t:   h, c = lstm_cell(x[t], h, c),   output[t] = h

**Back-propagation through time** is that of rnn, with two gradients to carry. h[t] went up, as output[t], and
on to the next step: doutput[t] and what the next step returns add up. c[t] went into h[t] and on to the next
step: lstm_step_backward adds these two.

**Why do these gradients live longer?** In an RNN the way back from step t to step s is a product of matrices
(see rnn). Along the cells it is a product of gates, number by number:

    ∂c[t]/∂c[s] = f[t] ∘ f[t-1] ∘ ... ∘ f[s+1]          (with the gates held still)

It cannot explode, as f <= 1, and it does not vanish where f is near 1; the network learns where that should
be. With the usual initial weights f is about ½ at first, and ½³⁰ is nothing: hence a forget-gate bias of 1 or
2 for long memories (Gers et al. 2000; Jozefowicz, Zaremba and Sutskever 2015). The ways through the
gates and h remain, with matrices in them: gradients of an LSTM can explode too, and are clipped.

(Hochreiter and Schmidhuber 1997; Gers, Schmidhuber and Cummins 2000.) One step alone, and its mathematics:
lstm_cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .arrays import Array
from .linear import LinearCache, linear, linear_backward
from .lstm_cell import LstmStep, lstm_step, lstm_step_backward
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


class LstmCache(NamedTuple):
    x: Float[Array, "batch time features"]  # 0 in the padding
    h0: Float[Array, "batch hidden"]
    c0: Float[Array, "batch hidden"]
    weight_ih: Float[Array, "4_hidden features"]
    weight_hh: Float[Array, "4_hidden hidden"]
    bias_ih: Float[Array, " 4_hidden"] | None
    bias_hh: Float[Array, " 4_hidden"] | None
    i: Float[Array, "batch time hidden"]
    f: Float[Array, "batch time hidden"]
    g: Float[Array, "batch time hidden"]
    o: Float[Array, "batch time hidden"]
    c: Float[Array, "batch time hidden"]  # the cell after each step; in the padding it stays what it was
    tanh_c: Float[Array, "batch time hidden"]
    h: Float[Array, "batch time hidden"]  # the state after each step; in the padding it stays what it was
    valid: Bool[Array, "batch time 1"]
    reverse: bool


def lstm(
    x: Float[Array, "batch time features"],
    h0: Float[Array, "batch hidden"],
    c0: Float[Array, "batch hidden"],
    weight_ih: Float[Array, "4_hidden features"],
    weight_hh: Float[Array, "4_hidden hidden"],
    bias_ih: Float[Array, " 4_hidden"] | None = None,
    bias_hh: Float[Array, " 4_hidden"] | None = None,
    lengths: Int[Array, " batch"] | None = None,
    reverse: bool = False,
) -> tuple[
    tuple[Float[Array, "batch time hidden"], Float[Array, "batch hidden"], Float[Array, "batch hidden"]],
    LstmCache,
]:
    """Returns (output, h_n, c_n), cache: the state h after every step, state and cell after the last one.

    lengths: how many steps of each sample are real, from 1 to time; default: all. Behind them the output is
    0, and h_n and c_n are those of the last valid step. reverse: from the last (valid) step to the first;
    output[:, t] is still that of step t, and h_n that of step 0.

    Raises ValueError for shapes or lengths that do not fit, TypeError for mixed dtypes.
    """
    states = {"h0": h0, "c0": c0}
    check_recurrent("lstm", 4, x, SEQUENCE_AXES, states, (weight_ih, weight_hh), (bias_ih, bias_hh))
    valid = valid_steps("lstm", x, lengths)                            # (batch, time, 1)
    x = np.where(valid, x, 0)                                          # whatever stood in the padding
    from_x, _ = linear(x, weight_ih, bias_ih)                          # (batch, time, 4 hidden), all steps
    if bias_hh is not None:
        from_x = from_x + bias_hh

    each = from_x[..., : h0.shape[1]]                                  # (batch, time, hidden)
    i, f, g, o, c, tanh_c, h = (np.empty_like(each) for _ in range(7))
    state, cell = h0, c0                                               # (batch, hidden)
    for t in time_steps(x.shape[1], reverse):
        step = lstm_step(from_x[:, t] + state @ weight_hh.T, cell)
        i[:, t], f[:, t], g[:, t], o[:, t], c_new, tanh_c[:, t], h_new = step
        state = np.where(valid[:, t], h_new, state)                    # in the padding both stay as they were
        cell = np.where(valid[:, t], c_new, cell)
        h[:, t], c[:, t] = state, cell

    output = np.where(valid, h, 0)
    cache = LstmCache(
        x, h0, c0, weight_ih, weight_hh, bias_ih, bias_hh, i, f, g, o, c, tanh_c, h, valid, reverse
    )
    return (output, state, cell), cache


def lstm_backward(
    dy: tuple[
        Float[Array, "batch time hidden"] | None,
        Float[Array, "batch hidden"] | None,
        Float[Array, "batch hidden"] | None,
    ],
    cache: LstmCache,
) -> tuple[
    Float[Array, "batch time features"],
    Float[Array, "batch hidden"],
    Float[Array, "batch hidden"],
    Float[Array, "4_hidden features"],
    Float[Array, "4_hidden hidden"],
    Float[Array, " 4_hidden"] | None,
    Float[Array, " 4_hidden"] | None,
    None,
]:
    """dy = (doutput, dh_n, dc_n); None stands for zero.

    Returns (dx, dh0, dc0, dweight_ih, dweight_hh, dbias_ih, dbias_hh, None): lengths have no gradient.
    """
    x, h0, c0, weight_ih, weight_hh, bias_ih, bias_hh, i, f, g, o, c, tanh_c, h, valid, reverse = cache
    doutput = np.where(valid, zeros_if_none(dy[0], h), 0)              # output = np.where(valid, h, 0)
    dstate = zeros_if_none(dy[1], h0)                                  # (batch, hidden)
    dcell = zeros_if_none(dy[2], c0)                                   # (batch, hidden)
    h_before = previous_states(h, h0, reverse)                         # (batch, time, hidden)
    c_before = previous_states(c, c0, reverse)

    rows = (*h.shape[:2], weight_hh.shape[0])
    da = np.empty(rows, dtype=h.dtype, like=h)                         # (batch, time, 4 hidden)
    for t in reversed(time_steps(x.shape[1], reverse)):
        dh = doutput[:, t] + dstate                                    # from above, and from the step after
        step = LstmStep(*(sequence[:, t] for sequence in (i, f, g, o, c, tanh_c, h)))
        da_t, dc = lstm_step_backward(dh, dcell, step, c_before[:, t])
        da[:, t] = np.where(valid[:, t], da_t, 0)
        # on to the step before: through the gates and through f; in the padding past them
        dstate = np.where(valid[:, t], da_t @ weight_hh, dh)
        dcell = np.where(valid[:, t], dc, dcell)

    # all steps shared the weights: one product sums over samples and steps
    da_rows = da.reshape(-1, da.shape[-1])                             # (batch x time, 4 hidden)
    dbias_hh = None if bias_hh is None else da_rows.sum(0)
    dweight_hh = da_rows.T @ h_before.reshape(-1, h.shape[-1])         # a = ... + state @ weight_hh.T
    dx, dweight_ih, dbias_ih = linear_backward(da, LinearCache(x, weight_ih, bias_ih))
    return dx, dstate, dcell, dweight_ih, dweight_hh, dbias_ih, dbias_hh, None
