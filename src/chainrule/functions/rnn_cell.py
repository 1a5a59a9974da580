"""One step of a recurrent network: the new state is made of the input and of the old state.

    a  = x W_ihᵀ + b_ih + h W_hhᵀ + b_hh
    h' = tanh(a),  or relu(a)

    x (batch, features), h and h' (batch, hidden), W_ih (hidden, features), W_hh (hidden, hidden)

It is two linear layers added up, and a nonlinearity: one row per sample, for the states too.

**Two biases, where one would do?** Their sum is all that counts, and their gradients are equal. They are two
so that weights move between libraries with no mapping (cuDNN has two, and PyTorch follows).

**Why never reshape a state?** A state (hidden, batch) becomes (batch, hidden) by a transpose. A reshape gives
an array of the right shape, too, and no error; but it deals the numbers out anew, and samples get mixed:

    h, columns a and b:   a1 b1      h.T:   a1 a2 a3        h.reshape(2, 3):   a1 b1 a2
                          a2 b2             b1 b2 b3                           b2 a3 b3
                          a3 b3

**Backward.** With da = dh' · (1 - h'²) for tanh, da = dh' where h' > 0 for relu, the rest is that of two
linear layers, each with da as its upstream: a is their sum, and a sum hands its gradient to both.

(Elman 1990, *Finding structure in time*. relu: Le, Jaitly and Hinton 2015.) The sequence of steps: rnn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np

from .arrays import Array
from .linear import LinearCache, linear, linear_backward
from .recurrence import STEP_AXES, check_recurrent

if TYPE_CHECKING:
    from .arrays import Float

Nonlinearity: TypeAlias = Literal["tanh", "relu"]


class RnnCellCache(NamedTuple):
    x: Float[Array, "batch features"]
    h: Float[Array, "batch hidden"]
    weight_ih: Float[Array, "hidden features"]
    weight_hh: Float[Array, "hidden hidden"]
    bias_ih: Float[Array, " hidden"] | None
    bias_hh: Float[Array, " hidden"] | None
    h_new: Float[Array, "batch hidden"]
    nonlinearity: Nonlinearity


def rnn_cell(
    x: Float[Array, "batch features"],
    h: Float[Array, "batch hidden"],
    weight_ih: Float[Array, "hidden features"],
    weight_hh: Float[Array, "hidden hidden"],
    bias_ih: Float[Array, " hidden"] | None = None,
    bias_hh: Float[Array, " hidden"] | None = None,
    nonlinearity: Nonlinearity = "tanh",
) -> tuple[Float[Array, "batch hidden"], RnnCellCache]:
    """Returns (h', cache).

    Raises ValueError for shapes that do not fit or another nonlinearity, TypeError for mixed dtypes.
    """
    check_nonlinearity("rnn_cell", nonlinearity)
    check_recurrent("rnn_cell", 1, x, STEP_AXES, {"h": h}, (weight_ih, weight_hh), (bias_ih, bias_hh))
    from_x, _ = linear(x, weight_ih, bias_ih)                          # (batch, hidden)
    from_h, _ = linear(h, weight_hh, bias_hh)                          # (batch, hidden)
    h_new = activate(from_x + from_h, nonlinearity)
    return h_new, RnnCellCache(x, h, weight_ih, weight_hh, bias_ih, bias_hh, h_new, nonlinearity)


def rnn_cell_backward(
    dh_new: Float[Array, "batch hidden"], cache: RnnCellCache
) -> tuple[
    Float[Array, "batch features"],
    Float[Array, "batch hidden"],
    Float[Array, "hidden features"],
    Float[Array, "hidden hidden"],
    Float[Array, " hidden"] | None,
    Float[Array, " hidden"] | None,
]:
    """Returns (dx, dh, dweight_ih, dweight_hh, dbias_ih, dbias_hh); None for an absent bias."""
    x, h, weight_ih, weight_hh, bias_ih, bias_hh, h_new, nonlinearity = cache
    da = activate_backward(dh_new, h_new, nonlinearity)                # h_new = activate(a)
    # a = from_x + from_h: both get da
    dh, dweight_hh, dbias_hh = linear_backward(da, LinearCache(h, weight_hh, bias_hh))
    dx, dweight_ih, dbias_ih = linear_backward(da, LinearCache(x, weight_ih, bias_ih))
    return dx, dh, dweight_ih, dweight_hh, dbias_ih, dbias_hh


def activate(a: Float[Array, "batch hidden"], nonlinearity: Nonlinearity) -> Float[Array, "batch hidden"]:
    """tanh(a) or relu(a)."""
    h: Array = np.tanh(a) if nonlinearity == "tanh" else np.maximum(a, 0)
    return h


def activate_backward(
    dh: Float[Array, "batch hidden"], h: Float[Array, "batch hidden"], nonlinearity: Nonlinearity
) -> Float[Array, "batch hidden"]:
    """da, from h = activate(a): tanh' = 1 - h², relu' = 1 where h > 0, else 0."""
    da: Array = dh * (1 - h * h) if nonlinearity == "tanh" else dh * (h > 0)
    return da


def check_nonlinearity(name: str, nonlinearity: str) -> None:
    """Raises ValueError unless it is one of the two."""
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(f"{name}: nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}")
