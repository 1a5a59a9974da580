"""The twin of cross_entropy: a row of logits is read where it stands, and nothing of its size is kept.

The reference writes down probabilities and target distribution, and a dozen arrays on the way: for 1,024
tokens and 8,000 words, 32 MB each. The loss of a row needs three numbers of it, max z, Σ exp z and, for
smoothing, Σ z; and its gradient needs nothing but the logits and log Σ exp z: exp is computed again, which
takes less time than fetching what was kept.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.functions.reduction import Reduction, reduce_losses

from .plain import rows, worth_compiling


class CompiledCrossEntropyCache(NamedTuple):
    logits: Array  # (rows, classes)
    top: Array  # (rows,): max z
    log_sum: Array  # (rows,): log Σ exp(z - top); their sum, log Σ exp z, may be too large to keep its digits
    labels: Array  # (rows,): -1 where the target is ignored
    label_smoothing: float
    shape: tuple[int, ...]  # of the logits
    divisor: float  # 1, or the count if the mean was asked for

    @property
    def probabilities(self) -> Array:
        """(rows, classes)."""
        p: Array = np.exp(self.logits - self.top[:, None] - self.log_sum[:, None])
        return p


def cross_entropy(
    logits: Array, target: Array, weight: Array | None = None, ignore_index: int = -100,
    label_smoothing: float = 0.0, reduction: Reduction = "sum", axis: int = 1,
) -> Any:  # fmt: skip
    """As chainrule.functions.cross_entropy, without class weights, and where the classes stand last.
    NotImplemented where it does not apply; mistakes are left to the reference, which names them.
    """
    if not worth_compiling(logits) or weight is not None or axis not in (-1, logits.ndim - 1):
        return NotImplemented
    if (
        type(target) is not np.ndarray
        or target.dtype.kind not in "iu"
        or target.shape != logits.shape[:-1]
        or not 0 <= label_smoothing <= 1
        or reduction not in ("sum", "mean", "none")
    ):
        return NotImplemented
    counted = target.reshape(-1) != ignore_index
    labels = np.where(counted, target.reshape(-1), -1).astype(np.int64)
    known = (labels >= 0) & (labels < logits.shape[-1])
    if not (known == counted).all() or (reduction == "mean" and not counted.any()):
        return NotImplemented
    from .cross_entropy_loops import cross_entropy_forward

    z = rows(logits)
    losses, top, log_sum = (np.empty(len(z), np.float32) for _ in range(3))
    cross_entropy_forward(z, labels, np.float32(label_smoothing), losses, top, log_sum)
    count = float(counted.sum())
    loss, divisor = reduce_losses(losses.reshape(target.shape), count, reduction)
    cache = CompiledCrossEntropyCache(z, top, log_sum, labels, label_smoothing, logits.shape, divisor)
    return loss, count, cache


def cross_entropy_backward(dloss: Any, cache: CompiledCrossEntropyCache) -> tuple[Array, None, None]:
    """As chainrule.functions.cross_entropy_backward."""
    from .cross_entropy_loops import cross_entropy_backward as loops

    z, top, log_sum, labels, label_smoothing, shape, divisor = cache
    dlosses = np.broadcast_to(np.asarray(dloss / divisor, np.float32), shape[:-1])
    dz = np.empty_like(z)
    loops(z, top, log_sum, labels, np.float32(label_smoothing), dlosses.reshape(-1).copy(), dz)
    return dz.reshape(shape), None, None
