"""A recurrent network over a whole sequence: the same step again and again, each begins with the last one's
state.

    h[0] = h0,    h[t] = tanh(x[t] W_ihᵀ + b_ih + h[t-1] W_hhᵀ + b_hh),    output[t] = h[t]

Laid out in time ("unrolled") it is a deep network with one layer per step, all with the same weights:

    output[1]      output[2]      output[3]
        ↑              ↑              ↑
    →  h[1]     →     h[2]     →     h[3]   →   h_n
        ↑              ↑              ↑
       x[1]           x[2]           x[3]

**Back-propagation through time** is ordinary back-propagation in this picture: all arrows are turned round
and the steps are gone through from the last to the first (Werbos 1990). Two arrows leave h[t], so two
gradients come back, and they add up: one from above, through output[t], and one from the step after.

    dh[t] = doutput[t] + da[t+1] W_hh        (for the last step: + dh_n)
    da[t] = dh[t] · (1 - h[t]²)

And as all steps share their weights, the weights' gradients are sums over all steps (and all samples):
dW_hh = Σ da[t]ᵀ h[t-1], dW_ih = Σ da[t]ᵀ x[t]. The loop only has to find da; one matrix product over all
steps does the sum.

**Why do gradients explode or vanish?** From step t back to step s the gradient is multiplied by one Jacobian
per step,

    ∂h[t]/∂h[s] = J[t] J[t-1] ... J[s+1],      J[t] = diag(1 - h[t]²) W_hh

a product of t - s matrices that are much alike. What W_hh stretches, it stretches every time: the product
grows or shrinks like a power, with the spectral radius of W_hh as its base and 1 - h² as a brake. 0.9⁵⁰ is
0.005, 1.1⁵⁰ is 117. Explosion is cured by clipping the gradient's norm; vanishing is not, as no scaling tells
a forgotten step from a louder one (Pascanu, Mikolov and Bengio 2013, sections 2 and 3). See lstm.

**Truncated BPTT.** h0 and h_n are an argument and a result: cut a long text into pieces, give each piece the
h_n of the piece before, and hand no gradient back from h0 to it. The state flows on, the gradient stops.

(Elman 1990; Werbos 1990, *Backpropagation through time: what it does and how to do it*.) One step alone:
rnn_cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .arrays import Array
from .linear import LinearCache, linear, linear_backward
from .recurrence import (
    SEQUENCE_AXES,
    check_recurrent,
    previous_states,
    time_steps,
    valid_steps,
    zeros_if_none,
)
from .rnn_cell import Nonlinearity, activate, activate_backward, check_nonlinearity

if TYPE_CHECKING:
    from .arrays import Bool, Float, Int


class RnnCache(NamedTuple):
    x: Float[Array, "batch time features"]  # 0 in the padding
    h0: Float[Array, "batch hidden"]
    weight_ih: Float[Array, "hidden features"]
    weight_hh: Float[Array, "hidden hidden"]
    bias_ih: Float[Array, " hidden"] | None
    bias_hh: Float[Array, " hidden"] | None
    h: Float[Array, "batch time hidden"]  # the state after each step; in the padding it stays what it was
    valid: Bool[Array, "batch time 1"]
    reverse: bool
    nonlinearity: Nonlinearity


def rnn(
    x: Float[Array, "batch time features"],
    h0: Float[Array, "batch hidden"],
    weight_ih: Float[Array, "hidden features"],
    weight_hh: Float[Array, "hidden hidden"],
    bias_ih: Float[Array, " hidden"] | None = None,
    bias_hh: Float[Array, " hidden"] | None = None,
    lengths: Int[Array, " batch"] | None = None,
    reverse: bool = False,
    nonlinearity: Nonlinearity = "tanh",
) -> tuple[tuple[Float[Array, "batch time hidden"], Float[Array, "batch hidden"]], RnnCache]:
    """Returns (output, h_n), cache: the state after every step, and after the last one.

    lengths: how many steps of each sample are real, from 1 to time; default: all. Behind them the output is
    0, and h_n is the state of the last valid step. reverse: from the last (valid) step to the first;
    output[:, t] is still that of step t, and h_n that of step 0.

    Raises ValueError for shapes or lengths that do not fit, TypeError for mixed dtypes.
    """
    check_nonlinearity("rnn", nonlinearity)
    check_recurrent("rnn", 1, x, SEQUENCE_AXES, {"h0": h0}, (weight_ih, weight_hh), (bias_ih, bias_hh))
    valid = valid_steps("rnn", x, lengths)                             # (batch, time, 1)
    x = np.where(valid, x, 0)                                          # whatever stood in the padding
    from_x, _ = linear(x, weight_ih, bias_ih)                          # (batch, time, hidden), all steps
    if bias_hh is not None:
        from_x = from_x + bias_hh

    h = np.empty_like(from_x)                                          # (batch, time, hidden)
    state = h0                                                         # (batch, hidden)
    for t in time_steps(x.shape[1], reverse):
        new = activate(from_x[:, t] + state @ weight_hh.T, nonlinearity)
        state = np.where(valid[:, t], new, state)                      # in the padding it stays what it was
        h[:, t] = state

    output = np.where(valid, h, 0)
    cache = RnnCache(x, h0, weight_ih, weight_hh, bias_ih, bias_hh, h, valid, reverse, nonlinearity)
    return (output, state), cache


def rnn_backward(
    dy: tuple[Float[Array, "batch time hidden"] | None, Float[Array, "batch hidden"] | None], cache: RnnCache
) -> tuple[
    Float[Array, "batch time features"],
    Float[Array, "batch hidden"],
    Float[Array, "hidden features"],
    Float[Array, "hidden hidden"],
    Float[Array, " hidden"] | None,
    Float[Array, " hidden"] | None,
    None,
]:
    """dy = (doutput, dh_n); None stands for zero.

    Returns (dx, dh0, dweight_ih, dweight_hh, dbias_ih, dbias_hh, None): lengths have no gradient.
    """
    x, h0, weight_ih, weight_hh, bias_ih, bias_hh, h, valid, reverse, nonlinearity = cache
    doutput = np.where(valid, zeros_if_none(dy[0], h), 0)              # output = np.where(valid, h, 0)
    dstate = zeros_if_none(dy[1], h0)                                  # (batch, hidden)

    da = np.empty_like(h)                                              # (batch, time, hidden)
    for t in reversed(time_steps(x.shape[1], reverse)):
        dh = doutput[:, t] + dstate                                    # from above, and from the step after
        da[:, t] = np.where(valid[:, t], activate_backward(dh, h[:, t], nonlinearity), 0)
        # on to the step before: through state @ weight_hh.T; in the padding past it
        dstate = np.where(valid[:, t], da[:, t] @ weight_hh, dh)

    # all steps shared the weights: one product sums over samples and steps
    da_rows = da.reshape(-1, da.shape[-1])                             # (batch x time, hidden)
    before = previous_states(h, h0, reverse)                           # (batch, time, hidden)
    dbias_hh = None if bias_hh is None else da_rows.sum(0)
    dweight_hh = da_rows.T @ before.reshape(da_rows.shape)             # a = ... + state @ weight_hh.T
    dx, dweight_ih, dbias_ih = linear_backward(da, LinearCache(x, weight_ih, bias_ih))
    return dx, dstate, dweight_ih, dweight_hh, dbias_ih, dbias_hh, None
