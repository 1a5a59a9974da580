"""Binary cross-entropy, from logits: many yes-or-no questions, each with its own answer.

With a logit x, p = σ(x) the probability of "yes", and the target z (1 yes, 0 no, or a probability between
them):

    loss = -(z log p + (1 - z) log(1 - p))

**Why from logits?** For x = 40 in float32, p is rounded to 1, and log(1 - p) is -∞. But -log p and -log(1 -
p) are both the same smooth function, softplus(x) = log(1 + exp x), which never overflows if its exponent is
never positive:

    -log p = softplus(-x),   -log(1 - p) = softplus(x),   softplus(x) = max(x, 0) + log1p(exp(-|x|))

    loss = z · softplus(-x) + (1 - z) · softplus(x)          = max(x, 0) - x z + log1p(exp(-|x|))

**pos_weight** w₊ multiplies the "yes" part (with 10 times as many noes, 10 makes both count alike);
**weight** w multiplies the whole loss of an element:

    loss = w · (w₊ z · softplus(-x) + (1 - z) · softplus(x))

**Backward.** softplus' = σ, so ∂softplus(x)/∂x = p and ∂softplus(-x)/∂x = p - 1:

    dx = w · (w₊ z · (p - 1) + (1 - z) · p)                  without weights:  p - z
    dz = w · (w₊ softplus(-x) - softplus(x))                 without weights:  -x

As with softmax and cross-entropy, no factor p (1 - p) is left: an answer that is wrong and sure has the
gradient ±1.

(Goodfellow, Bengio and Courville, *Deep Learning*, 2016, section 6.2.2.2.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .arrays import Array, describe
from .reduction import Reduction, check_reduction, reduce_losses

if TYPE_CHECKING:
    from .arrays import Float


class BinaryCrossEntropyWithLogitsCache(NamedTuple):
    yes_loss: Float[Array, "*shape"]  # -log p = softplus(-x)
    no_loss: Float[Array, "*shape"]  # -log(1 - p) = softplus(x)
    yes_factor: Float[Array, "*shape"]  # w w₊
    no_factor: Float[Array, "*shape"]  # w
    target: Float[Array, "*shape"]
    divisor: float  # 1, or the count if the mean was asked for


def binary_cross_entropy_with_logits(
    logits: Float[Array, "*shape"],
    target: Float[Array, "*shape"],
    weight: Float[Array, "*broadcastable"] | None = None,
    pos_weight: Float[Array, "*broadcastable"] | None = None,
    reduction: Reduction = "sum",
) -> tuple[Float[Array, " ..."], float, BinaryCrossEntropyWithLogitsCache]:
    """Returns (loss, count, cache): the sum of the losses in nats, and the count that a mean divides by.

    The count is the number of elements, whatever the weights (as in PyTorch). weight and pos_weight broadcast
    to the shape of logits: for (batch, questions) a pos_weight has (questions,). reduction: "sum"; "mean" =
    sum / count; "none": one loss per element.

    Raises ValueError if shapes do not fit, if the batch is empty, or if a target is not from 0 to 1.
    """
    _check(logits, target, weight, pos_weight, reduction)
    x, z = logits, target.astype(logits.dtype)
    rest = np.log1p(np.exp(-np.abs(x)))
    no_loss = np.maximum(x, 0) + rest                                  # softplus(x)
    yes_loss = np.maximum(-x, 0) + rest                                # softplus(-x)
    no_factor = np.ones_like(x) if weight is None else np.ones_like(x) * weight.astype(x.dtype)
    yes_factor = no_factor if pos_weight is None else no_factor * pos_weight.astype(x.dtype)

    losses = yes_factor * z * yes_loss + no_factor * (1 - z) * no_loss
    count = float(x.size)
    loss, divisor = reduce_losses(losses, count, reduction)
    cache = BinaryCrossEntropyWithLogitsCache(yes_loss, no_loss, yes_factor, no_factor, z, divisor)
    return loss, count, cache


def binary_cross_entropy_with_logits_backward(
    dloss: Float[Array, " ..."], cache: BinaryCrossEntropyWithLogitsCache
) -> tuple[Float[Array, "*shape"], Float[Array, "*shape"], None, None]:
    """Returns (dlogits, dtarget, None, None): the weights have no gradient."""
    yes_loss, no_loss, yes_factor, no_factor, z, divisor = cache
    dlosses = dloss / divisor                                          # loss = losses.sum() / divisor
    # losses = yes_factor z yes_loss + no_factor (1 - z) no_loss
    dtarget = dlosses * (yes_factor * yes_loss - no_factor * no_loss)
    dyes_loss = dlosses * yes_factor * z
    dno_loss = dlosses * no_factor * (1 - z)
    # no_loss = softplus(x) has the slope p, yes_loss = softplus(-x) the slope -(1 - p), and both are known:
    # yes_loss = -log p, no_loss = -log(1 - p)
    dlogits = dno_loss * np.exp(-yes_loss) - dyes_loss * np.exp(-no_loss)
    return dlogits, dtarget, None, None


def _check(
    logits: Array, target: Array, weight: Array | None, pos_weight: Array | None, reduction: str
) -> None:
    name = "binary_cross_entropy_with_logits"
    check_reduction(name, reduction)
    if logits.shape != target.shape:
        raise ValueError(
            f"{name} expects one target per logit, got {describe('logits', logits)}, "
            f"{describe('target', target)}"
        )
    if logits.size == 0:
        raise ValueError(f"{name}: the batch is empty: {describe('logits', logits)}")
    for kind, array in (("weight", weight), ("pos_weight", pos_weight)):
        if array is not None and not _broadcasts(array.shape, logits.shape):
            raise ValueError(
                f"{name}: {describe(kind, array)} does not broadcast to {describe('logits', logits)}"
            )
    wrong = (target < 0) | (target > 1)
    if wrong.any():
        first = int(wrong.argmax())
        where = tuple(int(i) for i in np.unravel_index(first, target.shape))
        raise ValueError(
            f"{name}: target {target.reshape(-1)[first]} at {where} is no probability from 0 to 1 (for class "
            "numbers, take cross_entropy)"
        )


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    """Can an array of this shape be multiplied with one of the shape `to` without making it larger?"""
    return len(shape) <= len(to) and all(a in (1, b) for a, b in zip(shape[::-1], to[::-1], strict=False))
