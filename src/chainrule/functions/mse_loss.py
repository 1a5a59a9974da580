"""Mean squared error: how far are the predictions from the targets?

    loss = Σ (input - target)²          dinput = 2 (input - target),   dtarget = -dinput

It is what maximum likelihood asks for if the target is the right value plus normal noise: then -log p is
(input - target)² and constants. (Goodfellow, Bengio and Courville, *Deep Learning*, 2016, section 5.5.1.)

**Why not for classes?** Behind a sigmoid or softmax, an answer that is wrong and sure has almost no gradient:
the factor p (1 - p) is next to 0 there. Cross-entropy cancels that factor.

**The sum and the count**: the loss of a batch is the sum over all its elements, the count their number. As in
PyTorch, the mean is over *all* elements, not over samples: for (batch, features) it divides by batch ·
features.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .arrays import Array, describe
from .reduction import Reduction, check_reduction, reduce_losses

if TYPE_CHECKING:
    from .arrays import Float


class MSELossCache(NamedTuple):
    difference: Float[Array, "*shape"]
    divisor: float  # 1, or the count if the mean was asked for


def mse_loss(
    input: Float[Array, "*shape"], target: Float[Array, "*shape"], reduction: Reduction = "sum"
) -> tuple[Float[Array, " ..."], float, MSELossCache]:
    """Returns (loss, count, cache): the sum of squares, and the count that a mean divides by.

    reduction: "sum"; "mean" = sum / count; "none": one loss per element. Raises ValueError if the shapes
    differ or the batch is empty.
    """
    _check(input, target, reduction)
    difference = input - target.astype(input.dtype)
    count = float(input.size)
    loss, divisor = reduce_losses(np.square(difference), count, reduction)
    return loss, count, MSELossCache(difference, divisor)


def mse_loss_backward(
    dloss: Float[Array, " ..."], cache: MSELossCache
) -> tuple[Float[Array, "*shape"], Float[Array, "*shape"]]:
    """Returns (dinput, dtarget): what pulls the one up pulls the other down."""
    difference, divisor = cache
    dlosses = dloss / divisor                              # loss = losses.sum() / divisor
    ddifference = dlosses * 2 * difference                 # losses = difference²
    return ddifference, -ddifference                       # difference = input - target


def _check(input: Array, target: Array, reduction: str) -> None:
    check_reduction("mse_loss", reduction)
    if input.shape != target.shape:
        hint = ""
        if input.size == target.size:
            hint = ": NumPy would broadcast them, and compare every input with every target"
        raise ValueError(
            f"mse_loss expects input and target of one shape, got {describe('input', input)}, "
            f"{describe('target', target)}{hint}"
        )
    if input.size == 0:
        raise ValueError(f"mse_loss: the batch is empty: {describe('input', input)}")
