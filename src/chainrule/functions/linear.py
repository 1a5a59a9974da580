"""Linear (dense, fully connected): every output is a weighted sum of every input.

    y = x Wᵀ + b            y[n, o] = Σᵢ x[n, i] W[o, i] + b[o]

**Why the weight is 2-D.** There is one number for every pair of an output o and an input i: row o of the weight holds
what output o listens to. One number per output alone would multiply all inputs by the same weight, and no output could
tell one input from another.

**Backward.** Let L be the loss and dy[n, o] = ∂L/∂y[n, o]. Each number of the forward is asked the same two questions:
which outputs did it touch, and with which factor?

- x[n, i] touched y[n, o] for every o, with the factor W[o, i]:     dx[n, i] = Σₒ dy[n, o] W[o, i]      = dy W
- W[o, i] touched y[n, o] for every n, with the factor x[n, i]:     dW[o, i] = Σₙ dy[n, o] x[n, i]      = dyᵀ x
- b[o] touched y[n, o] for every n, with the factor 1:              db[o]    = Σₙ dy[n, o]

The sums run over whatever a number was *shared* by: a weight is shared by all samples, so samples are summed up.
(Goodfellow, Bengio and Courville, *Deep Learning*, 2016, section 6.5.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .arrays import Array, describe

if TYPE_CHECKING:
    from .arrays import Float


class LinearCache(NamedTuple):
    x: Float[Array, "*batch in_features"]
    weight: Float[Array, "out_features in_features"]
    bias: Float[Array, " out_features"] | None


def linear(
    x: Float[Array, "*batch in_features"],
    weight: Float[Array, "out_features in_features"],
    bias: Float[Array, " out_features"] | None = None,
) -> tuple[Float[Array, "*batch out_features"], LinearCache]:
    """y = x Wᵀ + b over the last axis; any axes may stand before it, such as (batch, features) or (batch, time, features).

    Raises ValueError if the last axis of x is not as long as a row of the weight.
    """
    if weight.ndim != 2 or x.shape[-1:] != weight.shape[1:]:
        raise ValueError(
            f"linear expects {weight.shape[-1]} input features, got {x.shape[-1] if x.ndim else 'a number'}: "
            f"{describe('input', x)}, {describe('weight', weight, ('out', 'in'))}"
        )
    y = x @ weight.T                                       # (..., out)
    if bias is not None:
        y = y + bias
    return y, LinearCache(x, weight, bias)


def linear_backward(
    dy: Float[Array, "*batch out_features"], cache: LinearCache
) -> tuple[
    Float[Array, "*batch in_features"],
    Float[Array, "out_features in_features"],
    Float[Array, " out_features"] | None,
]:
    """Returns (dx, dweight, dbias); dbias is None where forward had no bias."""
    x, weight, bias = cache
    # the weight met every sample (and time step) in the same way: all axes but the last become rows
    x_rows = x.reshape(-1, x.shape[-1])                    # (rows, in)
    dy_rows = dy.reshape(-1, dy.shape[-1])                 # (rows, out)
    dbias = None if bias is None else dy_rows.sum(0)       # (out,)          y = ... + bias
    dweight = dy_rows.T @ x_rows                           # (out, in)       y = x @ weight.T
    dx = dy @ weight                                       # (..., in)       y = x @ weight.T
    return dx, dweight, dbias
