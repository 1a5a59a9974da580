"""Linear (dense, fully connected): every output is a weighted sum of every input.

    y = x Wᵀ + b            y[n, o] = Σᵢ x[n, i] W[o, i] + b[o]

for sample n, input i, output o.

**Why is the weight 2-D?** There is one number for every pair of an output o and an input i: row o of the
weight holds what output o listens to. One number per output alone would multiply all inputs by the same
weight, and no output could tell one input from another.

**Backward.** Let L be the loss. dy[n, o] stands for ∂L/∂y[n, o], and dx, dW, db likewise: every d-array has
the shape of its array. For each number that went into the forward, ask two questions: which outputs did it
touch, and with which factor? The chain rule then adds up dy times factor over all of those outputs:

    number     touched                        number by number                     as matrices
    x[n, i]    y[n, o] for every o            dx[n, i] = Σₒ dy[n, o] W[o, i]       dx = dy W
               with the factor W[o, i]
    W[o, i]    y[n, o] for every n            dW[o, i] = Σₙ dy[n, o] x[n, i]       dW = dyᵀ x
               with the factor x[n, i]
    b[o]       y[n, o] for every n            db[o] = Σₙ dy[n, o]                  db = column sums of dy
               with the factor 1

An input is shared by all outputs, so its gradient is a sum over outputs; a weight is shared by all samples,
so its gradient is a sum over samples. (If the loss is a mean, its 1/N is in dy already.) (Goodfellow, Bengio
and Courville, *Deep Learning*, 2016, section 6.5.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .arrays import Array, check_same_dtype, describe

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
    """y = x Wᵀ + b over the last axis; any number of axes may stand before it (`*batch`): none, (batch,),
    (batch, time).

    Raises ValueError if the weight is not 2-D, or if x or bias does not fit it.
    """
    _check(x, weight, bias)
    # every sample (and time step) is a row of its own: all axes but the last are flattened into one
    x_rows = x.reshape(-1, x.shape[-1])                    # (rows, in)
    y = x_rows @ weight.T                                  # (rows, out)
    if bias is not None:
        y = y + bias
    return y.reshape(*x.shape[:-1], weight.shape[0]), LinearCache(x, weight, bias)


def linear_backward(
    dy: Float[Array, "*batch out_features"], cache: LinearCache
) -> tuple[
    Float[Array, "*batch in_features"],
    Float[Array, "out_features in_features"],
    Float[Array, " out_features"] | None,
]:
    """Returns (dx, dweight, dbias); dbias is None where forward had no bias."""
    x, weight, bias = cache
    x_rows = x.reshape(-1, x.shape[-1])                    # (rows, in)
    dy_rows = dy.reshape(-1, dy.shape[-1])                 # (rows, out)
    dbias = None if bias is None else dy_rows.sum(0)       # (out,)          y = ... + bias
    dweight = dy_rows.T @ x_rows                           # (out, in)       y = x_rows @ weight.T, for weight
    dx_rows = dy_rows @ weight                             # (rows, in)      y = x_rows @ weight.T, for x
    return dx_rows.reshape(x.shape), dweight, dbias


def _check(x: Array, weight: Array, bias: Array | None) -> None:
    if weight.ndim != 2:
        raise ValueError(f"linear expects a 2-D weight (out, in), got {weight.ndim}-D: {_shapes(x, weight)}")
    if x.shape[-1:] != weight.shape[1:]:
        given = x.shape[-1] if x.ndim else "a single number"
        raise ValueError(
            f"linear expects {weight.shape[1]} input features, got {given}: {_shapes(x, weight)}"
        )
    check_same_dtype("linear", x, weight)
    if bias is not None and bias.shape != weight.shape[:1]:
        one_each = weight.shape[:1]
        raise ValueError(
            f"linear expects one bias per output, {one_each}, got {tuple(bias.shape)}: {_shapes(x, weight)}"
        )


def _shapes(x: Array, weight: Array) -> str:
    return f"{describe('input', x)}, {describe('weight', weight, ('out', 'in'))}"
