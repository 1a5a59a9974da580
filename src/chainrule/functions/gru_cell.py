"""One step of a gated recurrent unit: two gates, and no cell beside the state.

    r = σ(x W_irᵀ + b_ir + h W_hrᵀ + b_hr)          how much of the old state the new one may see
    z = σ(x W_izᵀ + b_iz + h W_hzᵀ + b_hz)          how much of the old state stays
    m = h W_hnᵀ + b_hn                              what the old state says
    n = tanh(x W_inᵀ + b_in + r ∘ m)                the new
    h' = (1 - z) ∘ n + z ∘ h

The three parts r, z, n of the weights stand one below the other, in this order: (3 hidden, ...).

**How does it do without a cell?** h' is a mixture of old and new: where z is 1, h is handed on unchanged, and
so is its gradient. That is the LSTM's additive path, with 1 - z and z in the places of i and f.

**Where does r stand?** In the paper r multiplies h before the matrix, U(r ∘ h); here, as in cuDNN and
PyTorch, it multiplies the product, b_hn included: r ∘ (h W_hnᵀ + b_hn). Weights of one form do not fit the
other; and here the two biases of n differ, in what they do and in their gradients.

**Backward.** h went three ways: straight to h' (through z), and through the matrix into the gates and into m.

    dz = dh' ∘ (h - n),   dn = dh' ∘ (1 - z),   dh = dh' ∘ z + ...
    da_n = dn ∘ (1 - n²),   dr = da_n ∘ m,   dm = da_n ∘ r

What came from x gets (da_r, da_z, da_n), what came from h gets (da_r, da_z, dm): they differ in the last
part, as r stands before m alone.

(Cho et al. 2014, section 2.3, with z and 1 - z as in the paper.) The sequence of steps: gru.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .arrays import Array
from .linear import LinearCache, linear, linear_backward
from .recurrence import STEP_AXES, check_recurrent
from .sigmoid import sigmoid

if TYPE_CHECKING:
    from .arrays import Float


class GruStep(NamedTuple):
    """All that one step computes, each (batch, hidden)."""

    r: Float[Array, "batch hidden"]
    z: Float[Array, "batch hidden"]
    m: Float[Array, "batch hidden"]
    n: Float[Array, "batch hidden"]
    h_new: Float[Array, "batch hidden"]


class GruCellCache(NamedTuple):
    x: Float[Array, "batch features"]
    h: Float[Array, "batch hidden"]
    weight_ih: Float[Array, "3_hidden features"]
    weight_hh: Float[Array, "3_hidden hidden"]
    bias_ih: Float[Array, " 3_hidden"] | None
    bias_hh: Float[Array, " 3_hidden"] | None
    step: GruStep


def gru_cell(
    x: Float[Array, "batch features"],
    h: Float[Array, "batch hidden"],
    weight_ih: Float[Array, "3_hidden features"],
    weight_hh: Float[Array, "3_hidden hidden"],
    bias_ih: Float[Array, " 3_hidden"] | None = None,
    bias_hh: Float[Array, " 3_hidden"] | None = None,
) -> tuple[Float[Array, "batch hidden"], GruCellCache]:
    """Returns (h', cache). Raises ValueError for shapes that do not fit, TypeError for mixed dtypes."""
    check_recurrent("gru_cell", 3, x, STEP_AXES, {"h": h}, (weight_ih, weight_hh), (bias_ih, bias_hh))
    from_x, _ = linear(x, weight_ih, bias_ih)                          # (batch, 3 hidden)
    from_h, _ = linear(h, weight_hh, bias_hh)                          # (batch, 3 hidden)
    step = gru_step(from_x, from_h, h)
    return step.h_new, GruCellCache(x, h, weight_ih, weight_hh, bias_ih, bias_hh, step)


def gru_cell_backward(
    dh_new: Float[Array, "batch hidden"], cache: GruCellCache
) -> tuple[
    Float[Array, "batch features"],
    Float[Array, "batch hidden"],
    Float[Array, "3_hidden features"],
    Float[Array, "3_hidden hidden"],
    Float[Array, " 3_hidden"] | None,
    Float[Array, " 3_hidden"] | None,
]:
    """Returns (dx, dh, dweight_ih, dweight_hh, dbias_ih, dbias_hh); None for an absent bias."""
    x, h, weight_ih, weight_hh, bias_ih, bias_hh, step = cache
    dfrom_x, dfrom_h, straight = gru_step_backward(dh_new, step, h)
    through, dweight_hh, dbias_hh = linear_backward(dfrom_h, LinearCache(h, weight_hh, bias_hh))
    dx, dweight_ih, dbias_ih = linear_backward(dfrom_x, LinearCache(x, weight_ih, bias_ih))
    dh = straight + through                                            # by z * h, and by the matrix
    return dx, dh, dweight_ih, dweight_hh, dbias_ih, dbias_hh


def gru_step(
    from_x: Float[Array, "batch 3_hidden"],
    from_h: Float[Array, "batch 3_hidden"],
    h: Float[Array, "batch hidden"],
) -> GruStep:
    """From what x and h say to the gates, the new and the mixture of old and new."""
    x_r, x_z, x_n = np.split(from_x, 3, axis=-1)                       # each (batch, hidden)
    h_r, h_z, m = np.split(from_h, 3, axis=-1)
    r, _ = sigmoid(x_r + h_r)
    z, _ = sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * m)
    h_new = (1 - z) * n + z * h
    return GruStep(r, z, m, n, h_new)


def gru_step_backward(
    dh_new: Float[Array, "batch hidden"], step: GruStep, h: Float[Array, "batch hidden"]
) -> tuple[Float[Array, "batch 3_hidden"], Float[Array, "batch 3_hidden"], Float[Array, "batch hidden"]]:
    """Returns (dfrom_x, dfrom_h, dh): dh is the part that goes straight through z, not through the matrix."""
    r, z, m, n, _ = step
    dh = dh_new * z                                                    # h_new = ... + z * h
    dz = dh_new * (h - n)                                              # h_new = (1 - z) * n + z * h
    dn = dh_new * (1 - z)                                              # h_new = (1 - z) * n + ...
    da_n = dn * (1 - n * n)                                            # n = tanh(x_n + r * m)
    dr, dm = da_n * m, da_n * r
    da_r = dr * r * (1 - r)
    da_z = dz * z * (1 - z)
    dfrom_x = np.concatenate([da_r, da_z, da_n], axis=-1)
    dfrom_h = np.concatenate([da_r, da_z, dm], axis=-1)
    return dfrom_x, dfrom_h, dh
