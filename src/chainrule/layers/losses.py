"""Losses as layers.

    total, count, cache = loss.forward(prediction, target)      # the sum, and what a mean divides by
    dprediction, *_ = loss.backward(1 / count, cache)           # the gradient of the mean
    loss(prediction, target)                                    # the number that PyTorch prints: the mean, unless told otherwise

A batch may be cut into parts, or hold sequences of different length; sums still add up, means do not. So the sum is what a loss
returns, and who runs the step divides, once.
"""

from __future__ import annotations

from typing import Any

from chainrule.functions import (
    binary_cross_entropy_with_logits,
    binary_cross_entropy_with_logits_backward,
    cross_entropy,
    cross_entropy_backward,
    mse_loss,
    mse_loss_backward,
)
from chainrule.functions.arrays import Array
from chainrule.functions.reduction import Reduction

from .layer import Layer


class _Loss(Layer):
    def __init__(self, reduction: Reduction = "mean") -> None:
        if reduction not in ("sum", "mean", "none"):
            raise ValueError(f"{type(self).__name__}: reduction must be 'sum', 'mean' or 'none', got {reduction!r}")
        self.reduction: Reduction = reduction

    def _losses(self, prediction: Array, target: Array, reduction: Reduction) -> tuple[Any, float, Any]:
        raise TypeError(f"{type(self).__name__} has no formula")

    def forward(self, prediction: Array, target: Array) -> tuple[Any, float, Any]:
        """Returns (sum, count, cache), whatever the reduction."""
        return self._losses(prediction, target, "sum")

    def __call__(self, prediction: Array, target: Array) -> Any:
        """The reduced loss: a number, or one per element for reduction="none"."""
        return self._losses(prediction, target, self.reduction)[0]

    def extra_repr(self) -> str:
        return f"reduction={self.reduction!r}"


class CrossEntropyLoss(_Loss):
    """Logits (batch, classes, ...) against class numbers (batch, ...). See `chainrule.functions.cross_entropy`."""

    def __init__(
        self,
        weight: Array | None = None,
        ignore_index: int = -100,
        label_smoothing: float = 0.0,
        reduction: Reduction = "mean",
        axis: int = 1,
    ) -> None:
        super().__init__(reduction)
        self.weight, self.ignore_index, self.label_smoothing, self.axis = weight, ignore_index, label_smoothing, axis

    def _losses(self, prediction: Array, target: Array, reduction: Reduction) -> tuple[Any, float, Any]:
        options = (self.weight, self.ignore_index, self.label_smoothing, reduction, self.axis)
        return cross_entropy(prediction, target, *options)

    def backward(self, dloss: Any, cache: Any) -> tuple[Array, None, None]:
        return cross_entropy_backward(dloss, cache)


class MSELoss(_Loss):
    """Squared differences of two arrays of one shape. See `chainrule.functions.mse_loss`."""

    def _losses(self, prediction: Array, target: Array, reduction: Reduction) -> tuple[Any, float, Any]:
        return mse_loss(prediction, target, reduction)

    def backward(self, dloss: Any, cache: Any) -> tuple[Array, Array]:
        return mse_loss_backward(dloss, cache)


class BCEWithLogitsLoss(_Loss):
    """Logits against targets from 0 to 1, element by element. See `chainrule.functions.binary_cross_entropy_with_logits`."""

    def __init__(
        self, weight: Array | None = None, pos_weight: Array | None = None, reduction: Reduction = "mean"
    ) -> None:
        super().__init__(reduction)
        self.weight, self.pos_weight = weight, pos_weight

    def _losses(self, prediction: Array, target: Array, reduction: Reduction) -> tuple[Any, float, Any]:
        return binary_cross_entropy_with_logits(prediction, target, self.weight, self.pos_weight, reduction)

    def backward(self, dloss: Any, cache: Any) -> tuple[Array, Array, None, None]:
        return binary_cross_entropy_with_logits_backward(dloss, cache)
