"""One training step: the only place where everything meets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.layers.layer import Layer

from .clipping import clip_grad_norm_, grad_norm
from .optimizers import Optimizer


class Loss(Protocol):
    """What a loss must offer: the sum over the batch, the count that a mean divides by, and the gradient."""

    def forward(self, prediction: Any, target: Any) -> tuple[Any, float, Any]: ...

    def backward(self, dloss: Any, cache: Any) -> tuple[Any, ...]: ...


@dataclass(frozen=True)
class StepResult:
    """What one step found."""

    prediction: Array
    loss: float  # the sum over the batch
    count: float  # what a mean divides by
    gradient_norm: float  # before clipping


def gradients(model: Layer, loss: Loss, x: Array, target: Array) -> tuple[Array, float, float]:
    """forward, loss and backward; returns (prediction, sum, count). The model's gradients become those of the
    mean.
    """
    prediction, cache = model.forward(x)
    total, count, loss_cache = loss.forward(prediction, target)
    check_count(count)

    model.zero_grad()
    # the loss is a sum; the step follows the mean: divided once, here
    dprediction, *_ = loss.backward(np.asarray(1 / count, dtype=prediction.dtype), loss_cache)
    model.backward(dprediction, cache)
    return prediction, float(total), float(count)


def check_count(count: float) -> None:
    """Raises ValueError if the mean would be one over nothing."""
    if count == 0:
        raise ValueError(
            "no target of this batch counts (all are ignored, or of weight 0): there is nothing to learn"
        )


def train_step(
    model: Layer,
    loss: Loss,
    optimizer: Optimizer,
    x: Array,
    target: Array,
    max_norm: float | None = None,
    before_update: Callable[[StepResult], None] | None = None,
    threads: int = 1,
) -> StepResult:
    """forward, loss, backward, clip, update. `before_update` sees the result while the weights are still the
    old ones. With threads > 1 the batch is cut into as many parts: see sharding.
    """
    if threads > 1:
        from .sharding import sharded_gradients

        prediction, total, count = sharded_gradients(model, loss, x, target, threads)
    else:
        prediction, total, count = gradients(model, loss, x, target)

    parameters = optimizer.parameters
    norm = grad_norm(parameters) if max_norm is None else clip_grad_norm_(parameters, max_norm)
    result = StepResult(prediction, total, count, norm)
    if before_update is not None:
        before_update(result)
    optimizer.step()
    model.update_running_statistics()
    return result
