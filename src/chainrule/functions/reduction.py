"""What losses share: one number per element becomes the sum, the mean, or stays.

The loss of a batch is a *sum*. What it would be divided by is returned beside it, and whoever runs the step
divides once: a mean of means over batches of different size is not the mean.
"""

from __future__ import annotations

from typing import Literal

from .arrays import Array

Reduction = Literal["sum", "mean", "none"]


def check_reduction(name: str, reduction: str) -> None:
    """Raises ValueError for a reduction that does not exist."""
    if reduction not in ("sum", "mean", "none"):
        raise ValueError(f"{name}: reduction must be 'sum', 'mean' or 'none', got {reduction!r}")


def reduce_losses(losses: Array, count: float, reduction: Reduction) -> tuple[Array, float]:
    """Returns (loss, divisor). "sum": Σ losses; "mean": Σ losses / count; "none": the losses as they are.

    Backward is one line: each loss stood in the result with the factor 1 / divisor, so dlosses = dloss /
    divisor.
    """
    divisor = count if reduction == "mean" else 1.0
    return losses if reduction == "none" else losses.sum() / divisor, divisor
