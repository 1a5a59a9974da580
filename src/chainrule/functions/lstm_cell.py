"""One step of a long short-term memory: beside the state h there is a cell c, guarded by gates.

    i = σ(a_i)      what of the new is written        a = x W_ihᵀ + b_ih + h W_hhᵀ + b_hh
    f = σ(a_f)      what of the old is kept           (batch, 4 hidden): the four parts a_i, a_f, a_g, a_o
    g = tanh(a_g)   the new                           stand side by side, in this order
    o = σ(a_o)      what is shown

    c' = f ∘ c + i ∘ g
    h' = o ∘ tanh(c')

**Why is the cell's path a sum?** An RNN sends its memory through a matrix and a tanh at every step. Here
nothing but f stands between c and c': ∂c'/∂c = f, number by number (the gates depend on h, and that is
another path). Where f is 1, the cell is handed on unchanged, and so is its gradient, over any number of
steps: Hochreiter and Schmidhuber's constant error carousel. They had no f, that is, f = 1 always; the forget
gate, which lets a cell be emptied, is from Gers et al. 2000.

**Backward.** c' went two ways: into h', and on to the next step. Its gradient is the sum of both:

    do  = dh' ∘ tanh(c')
    dc' = dc' + dh' ∘ o ∘ (1 - tanh²(c'))
    df  = dc' ∘ c,   dc = dc' ∘ f,   di = dc' ∘ g,   dg = dc' ∘ i

then each gate through its nonlinearity, σ' = σ (1 - σ) and tanh' = 1 - tanh². What is left are two linear
layers, as in rnn_cell.

(Hochreiter and Schmidhuber 1997; Gers, Schmidhuber and Cummins 2000.) The sequence of steps: lstm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .arrays import Array
from .linear import LinearCache, linear, linear_backward
from .recurrence import STEP_AXES, check_recurrent, zeros_if_none
from .sigmoid import sigmoid

if TYPE_CHECKING:
    from .arrays import Float


class LstmStep(NamedTuple):
    """All that one step computes, each (batch, hidden)."""

    i: Float[Array, "batch hidden"]
    f: Float[Array, "batch hidden"]
    g: Float[Array, "batch hidden"]
    o: Float[Array, "batch hidden"]
    c_new: Float[Array, "batch hidden"]
    tanh_c: Float[Array, "batch hidden"]  # tanh(c')
    h_new: Float[Array, "batch hidden"]


class LstmCellCache(NamedTuple):
    x: Float[Array, "batch features"]
    h: Float[Array, "batch hidden"]
    c: Float[Array, "batch hidden"]
    weight_ih: Float[Array, "4_hidden features"]
    weight_hh: Float[Array, "4_hidden hidden"]
    bias_ih: Float[Array, " 4_hidden"] | None
    bias_hh: Float[Array, " 4_hidden"] | None
    step: LstmStep


def lstm_cell(
    x: Float[Array, "batch features"],
    h: Float[Array, "batch hidden"],
    c: Float[Array, "batch hidden"],
    weight_ih: Float[Array, "4_hidden features"],
    weight_hh: Float[Array, "4_hidden hidden"],
    bias_ih: Float[Array, " 4_hidden"] | None = None,
    bias_hh: Float[Array, " 4_hidden"] | None = None,
) -> tuple[tuple[Float[Array, "batch hidden"], Float[Array, "batch hidden"]], LstmCellCache]:
    """Returns (h', c'), cache. Raises ValueError for shapes that do not fit, TypeError for mixed dtypes."""
    states = {"h": h, "c": c}
    check_recurrent("lstm_cell", 4, x, STEP_AXES, states, (weight_ih, weight_hh), (bias_ih, bias_hh))
    from_x, _ = linear(x, weight_ih, bias_ih)                          # (batch, 4 hidden)
    from_h, _ = linear(h, weight_hh, bias_hh)                          # (batch, 4 hidden)
    step = lstm_step(from_x + from_h, c)
    cache = LstmCellCache(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh, step)
    return (step.h_new, step.c_new), cache


def lstm_cell_backward(
    dy: tuple[Float[Array, "batch hidden"] | None, Float[Array, "batch hidden"] | None], cache: LstmCellCache
) -> tuple[
    Float[Array, "batch features"],
    Float[Array, "batch hidden"],
    Float[Array, "batch hidden"],
    Float[Array, "4_hidden features"],
    Float[Array, "4_hidden hidden"],
    Float[Array, " 4_hidden"] | None,
    Float[Array, " 4_hidden"] | None,
]:
    """dy = (dh', dc'); None stands for zero.

    Returns (dx, dh, dc, dweight_ih, dweight_hh, dbias_ih, dbias_hh); None for an absent bias.
    """
    x, h, c, weight_ih, weight_hh, bias_ih, bias_hh, step = cache
    dh_new, dc_new = zeros_if_none(dy[0], h), zeros_if_none(dy[1], c)
    da, dc = lstm_step_backward(dh_new, dc_new, step, c)               # (batch, 4 hidden), (batch, hidden)
    # a = from_x + from_h: both get da
    dh, dweight_hh, dbias_hh = linear_backward(da, LinearCache(h, weight_hh, bias_hh))
    dx, dweight_ih, dbias_ih = linear_backward(da, LinearCache(x, weight_ih, bias_ih))
    return dx, dh, dc, dweight_ih, dweight_hh, dbias_ih, dbias_hh


def lstm_step(a: Float[Array, "batch 4_hidden"], c: Float[Array, "batch hidden"]) -> LstmStep:
    """From a and the old cell to the gates, the new cell and the new state."""
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=-1)                       # each (batch, hidden)
    i, _ = sigmoid(a_i)
    f, _ = sigmoid(a_f)
    g = np.tanh(a_g)
    o, _ = sigmoid(a_o)
    c_new = f * c + i * g
    tanh_c = np.tanh(c_new)
    h_new = o * tanh_c
    return LstmStep(i, f, g, o, c_new, tanh_c, h_new)


def lstm_step_backward(
    dh_new: Float[Array, "batch hidden"],
    dc_new: Float[Array, "batch hidden"],
    step: LstmStep,
    c: Float[Array, "batch hidden"],
) -> tuple[Float[Array, "batch 4_hidden"], Float[Array, "batch hidden"]]:
    """Returns (da, dc). dc_new is what came from the step after."""
    i, f, g, o, _, tanh_c, _ = step
    do = dh_new * tanh_c                                               # h_new = o * tanh_c
    dc_new = dc_new + dh_new * o * (1 - tanh_c * tanh_c)               # + because h_new = o * tanh(c_new)
    df, dc = dc_new * c, dc_new * f                                    # c_new = f * c + ...
    di, dg = dc_new * g, dc_new * i                                    # c_new = ... + i * g
    da_i = di * i * (1 - i)
    da_f = df * f * (1 - f)
    da_g = dg * (1 - g * g)
    da_o = do * o * (1 - o)
    return np.concatenate([da_i, da_f, da_g, da_o], axis=-1), dc
