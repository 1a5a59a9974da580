"""Cross-entropy: how surprised is the network by the right class?

With logits z of one sample, target class t and p = softmax(z):

    loss = -log p[t] = log Σ_k exp z[k] - z[t]

It is computed from logits, not from probabilities: subtracting max z first keeps exp from overflowing, and
log p never meets a p that was rounded to 0.

**Label smoothing** ε spreads a part of the target over all K classes (Szegedy et al. 2016, section 7). With q
the target distribution, q[k] = (1 - ε)·[k = t] + ε / K, and class weights w:

    loss = -Σ_k w[k] q[k] log p[k]          (without smoothing: -w[t] log p[t])

**Backward.** ∂ log p[k] / ∂z[j] = [k = j] - p[j], so

    dz[j] = (Σ_k w[k] q[k]) · p[j] - w[j] q[j]          without weights, as Σ q = 1, the famous  p - q

**The sum and the count.** The loss of a batch is the *sum* over its samples; what it is divided by is
returned beside it: the number of samples that count, or the sum of their weights w[t], as in PyTorch. Whoever
runs the step divides once. A mean of means over batches of different size is not the mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .arrays import Array, describe
from .reduction import Reduction, check_reduction, reduce_losses

if TYPE_CHECKING:
    from .arrays import Float, Int


class CrossEntropyCache(NamedTuple):
    probabilities: Float[Array, "rows classes"]
    weighted_targets: Float[Array, "rows classes"]  # w[k] q[k]; a row of zeros where the target is ignored
    shape: tuple[int, ...]  # of the logits with the classes last
    axis: int
    divisor: float  # 1, or the count if the mean was asked for


def cross_entropy(
    logits: Float[Array, "batch classes *rest"],
    target: Int[Array, " batch *rest"],
    weight: Float[Array, " classes"] | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: Reduction = "sum",
    axis: int = 1,
) -> tuple[Float[Array, " ..."], float, CrossEntropyCache]:
    """Returns (loss, count, cache): the loss in nats, and the count that a mean divides by.

    target holds class numbers 0 ... classes - 1; where it is `ignore_index`, neither loss nor count grows.
    `axis` is where the classes stand in logits: 1 as in PyTorch, -1 for (batch, time, classes). reduction:
    "sum"; "mean" = sum / count; "none": one loss per target, in target's shape.

    Raises ValueError for shapes that do not fit, IndexError for a class that does not exist, TypeError for
    targets that are no integers.
    """
    _check(logits, target, weight, label_smoothing, axis)
    check_reduction("cross_entropy", reduction)
    by_class = np.moveaxis(logits, axis, -1)                               # (batch, ..., classes)
    classes = by_class.shape[-1]
    labels = target.reshape(-1)                                            # (rows,)
    counted = labels != ignore_index
    _check_labels(labels, counted, classes, ignore_index, reduction)
    # (rows, classes); an ignored row may hold anything, even NaN
    z = np.where(counted[:, None], by_class.reshape(-1, classes), 0)

    shifted = z - z.max(-1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    one_hot = labels[:, None] == np.arange(classes, like=labels)           # (rows, classes)
    q = (1 - label_smoothing) * one_hot + label_smoothing / classes
    w = np.ones_like(z[0]) if weight is None else weight                   # (classes,)
    weighted_targets = (w * q * counted[:, None]).astype(z.dtype)

    # a class that is no target may be ruled out by a logit of -∞: 0 · log 0 counts as 0
    surprise = np.where(weighted_targets != 0, -log_probabilities, 0)
    losses = (weighted_targets * surprise).sum(-1)                         # (rows,)
    count = float(((w * one_hot).sum(-1) * counted).sum())
    loss, divisor = reduce_losses(losses.reshape(target.shape), count, reduction)
    cache = CrossEntropyCache(np.exp(log_probabilities), weighted_targets, by_class.shape, axis, divisor)
    return loss, count, cache


def cross_entropy_backward(
    dloss: Float[Array, " ..."], cache: CrossEntropyCache
) -> tuple[Float[Array, "batch classes *rest"], None, None]:
    """Returns (dlogits, None, None): target and class weights have no gradient."""
    probabilities, weighted_targets, shape, axis, divisor = cache
    dlosses = dloss / divisor                                              # loss = losses.sum() / divisor
    if np.ndim(dlosses):
        dlosses = dlosses.reshape(-1, 1)                                   # one upstream number per row
    # losses = -(w q log p): through log p[k] every logit is reached, p - q for each unit of weight
    dz = weighted_targets.sum(-1, keepdims=True) * probabilities - weighted_targets
    dlogits = np.moveaxis((dlosses * dz).reshape(shape), -1, axis)
    return dlogits, None, None


def _check(logits: Array, target: Array, weight: Array | None, label_smoothing: float, axis: int) -> None:
    if logits.ndim < 2:
        shape = describe("logits", logits)
        raise ValueError(f"cross_entropy expects logits (batch, classes, ...), got {shape}")
    if not -logits.ndim <= axis < logits.ndim:
        raise ValueError(f"cross_entropy: axis {axis} does not exist in {describe('logits', logits)}")
    axis %= logits.ndim
    expected = logits.shape[:axis] + logits.shape[axis + 1 :]
    if target.shape != expected:
        raise ValueError(
            f"cross_entropy expects one target per row of logits, {expected}, got {tuple(target.shape)}: "
            f"{describe('logits', logits)} with {logits.shape[axis]} classes on axis {axis}"
        )
    if target.dtype.kind not in "iu":
        raise TypeError(f"cross_entropy expects class numbers (integers) as targets, got {target.dtype}")
    if target.size == 0:
        raise ValueError(f"cross_entropy: the batch is empty: {describe('logits', logits)}")
    if weight is not None and weight.shape != (logits.shape[axis],):
        raise ValueError(
            f"cross_entropy expects one weight per class, ({logits.shape[axis]},), got {tuple(weight.shape)}"
        )
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing must be from 0 to 1, got {label_smoothing}")


def _check_labels(
    labels: Array, counted: Array, classes: int, ignore_index: int, reduction: Reduction
) -> None:
    wrong = counted & ((labels < 0) | (labels >= classes))
    if wrong.any():
        row = int(wrong.argmax())
        raise IndexError(
            f"cross_entropy: target {int(labels[row])} at row {row} is no class: there are {classes}, "
            f"0 to {classes - 1} (and {ignore_index} is ignored)"
        )
    if reduction == "mean" and not counted.any():
        raise ValueError(f"cross_entropy: every target is {ignore_index} (ignored): a mean over nothing")
