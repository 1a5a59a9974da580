"""Losses as layers.

    loss, count, cache = criterion.forward(prediction, target)     # the sum, and what a mean divides by
    dprediction, _ = criterion.backward(1 / count, cache)          # the gradient of the mean
    criterion(prediction, target)                                  # a number to look at: the mean

**Why does forward give the sum?** Sums of parts are the sum of the whole; means are not, where parts differ
in size: the last batch of an epoch, sequences of different length, micro-batches, shards. So whoever runs the
step adds up sums and counts and divides once. `reduction` is only about what calling the criterion returns.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.functions import (
    binary_cross_entropy_with_logits,
    binary_cross_entropy_with_logits_backward,
    cross_entropy,
    cross_entropy_backward,
    mse_loss,
    mse_loss_backward,
)
from chainrule.functions.arrays import Array
from chainrule.functions.binary_cross_entropy_with_logits import BinaryCrossEntropyWithLogitsCache
from chainrule.functions.cross_entropy import CrossEntropyCache
from chainrule.functions.mse_loss import MSELossCache
from chainrule.functions.reduction import Reduction, check_reduction

from .layer import Layer
from .new import new_buffer
from .parameter import Buffer


class Loss(Layer):
    """The base of the losses. A subclass writes `function`, for any reduction, and backward."""

    def __init__(self, reduction: Reduction = "mean") -> None:
        check_reduction(type(self).__name__, reduction)
        self.reduction: Reduction = reduction

    def function(self, prediction: Array, target: Array, reduction: Reduction) -> tuple[Any, float, Any]:
        """Returns (loss, count, cache)."""
        raise TypeError(f"{type(self).__name__} has no function: return (loss, count, cache)")

    def forward(self, prediction: Array, target: Array) -> tuple[Any, float, Any]:
        """Returns (sum, count, cache), whatever `reduction` says."""
        return self.function(prediction, target, "sum")

    def __call__(self, prediction: Array, target: Array) -> Any:
        """The loss, reduced as `reduction` says."""
        return self.function(prediction, target, self.reduction)[0]

    def extra_repr(self) -> str:
        return f"reduction={self.reduction!r}"


class CrossEntropyLoss(Loss):
    """Logits (batch, classes, ...) and class numbers (batch, ...). See `chainrule.functions.cross_entropy`.

    weight: one per class, a buffer. axis: where the classes stand in the logits; -1 for (batch, time,
    classes).
    """

    def __init__(
        self,
        weight: Any = None,
        *,
        ignore_index: int = -100,
        reduction: Reduction = "mean",
        label_smoothing: float = 0.0,
        axis: int = 1,
    ) -> None:
        super().__init__(reduction)
        self.weight = _optional_buffer(weight)
        self.ignore_index, self.label_smoothing, self.axis = ignore_index, label_smoothing, axis

    def function(
        self, prediction: Array, target: Array, reduction: Reduction
    ) -> tuple[Any, float, CrossEntropyCache]:
        weight = None if self.weight is None else self.weight.data
        return cross_entropy(
            prediction, target, weight, self.ignore_index, self.label_smoothing, reduction, self.axis
        )

    def backward(self, dloss: Any, cache: CrossEntropyCache) -> tuple[Array, None]:
        dprediction, _, _ = cross_entropy_backward(dloss, cache)
        return dprediction, None  # class numbers have no gradient


class MSELoss(Loss):
    """Squared differences of two arrays of one shape. See `chainrule.functions.mse_loss`."""

    def function(
        self, prediction: Array, target: Array, reduction: Reduction
    ) -> tuple[Any, float, MSELossCache]:
        return mse_loss(prediction, target, reduction)

    def backward(self, dloss: Any, cache: MSELossCache) -> tuple[Array, Array]:
        return mse_loss_backward(dloss, cache)


class BCEWithLogitsLoss(Loss):
    """Logits and targets from 0 to 1. See `chainrule.functions.binary_cross_entropy_with_logits`.

    weight, pos_weight: buffers that broadcast to the logits' shape.
    """

    def __init__(self, weight: Any = None, *, reduction: Reduction = "mean", pos_weight: Any = None) -> None:
        super().__init__(reduction)
        self.weight, self.pos_weight = _optional_buffer(weight), _optional_buffer(pos_weight)

    def function(
        self, prediction: Array, target: Array, reduction: Reduction
    ) -> tuple[Any, float, BinaryCrossEntropyWithLogitsCache]:
        weight = None if self.weight is None else self.weight.data
        pos_weight = None if self.pos_weight is None else self.pos_weight.data
        return binary_cross_entropy_with_logits(prediction, target, weight, pos_weight, reduction)

    def backward(self, dloss: Any, cache: BinaryCrossEntropyWithLogitsCache) -> tuple[Array, Array]:
        dprediction, dtarget, _, _ = binary_cross_entropy_with_logits_backward(dloss, cache)
        return dprediction, dtarget


def _optional_buffer(values: Any) -> Buffer | None:
    """Given weights as a buffer: a list or an array, or None for none."""
    if values is None:
        return None
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        return Buffer(values)
    buffer = new_buffer(np.shape(values))
    buffer.data[...] = values
    return buffer
