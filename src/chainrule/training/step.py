"""One training step: the only place where everything meets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.layers.layer import Layer

from .clipping import clip_grad_norm_, grad_norm
from .optimizers import Optimizer


class Loss(Protocol):
    """What a loss must offer: the sum over the batch, the count that a mean divides by, and the gradient."""

    def forward(self, prediction: Any, target: Any) -> tuple[Any, float, Any]: ...

    def backward(self, dloss: Any, cache: Any) -> tuple[Any, ...]: ...


class Answer(NamedTuple):
    """What a model returned, taken apart."""

    prediction: Array
    state: Any = None  # what a recurrent model hands on besides


def answer(model: Layer, x: Any, state: Any = None) -> tuple[Answer, Any]:
    """forward, with the inputs of one batch: (answer, cache).

    x is one array, or a tuple of all that forward takes: (ids, lengths). A state that was carried here comes
    after it. A model that returns a tuple returns (prediction, state).
    """
    inputs = x if isinstance(x, tuple) else (x,)
    y, cache = model.forward(*inputs) if state is None else model.forward(*inputs, state)
    return Answer(*y) if isinstance(y, tuple) else Answer(y), cache


def is_classification(prediction: Array, target: Array) -> bool:
    """Are these logits (..., classes) against class numbers (...)? Then an answer can be right or wrong."""
    return target.dtype.kind in "iu" and prediction.shape[:-1] == target.shape


def right_answers(prediction: Array, target: Array) -> int | None:
    """How many targets got the largest logit; None where the targets are no classes."""
    return int((prediction.argmax(-1) == target).sum()) if is_classification(prediction, target) else None


@dataclass(frozen=True)
class StepResult:
    """What one step found."""

    predictions: tuple[Array, ...]  # one for each part of the batch: as many as there were threads
    loss: float  # the sum over the batch
    count: float  # what a mean divides by
    right: int | None  # how many answers were right; None where the targets are no classes
    gradient_norm: float  # before clipping
    state: Any = None  # what a recurrent model hands on to the next batch

    @property
    def prediction(self) -> Array:
        """The prediction for the whole batch. Parts are joined when one asks: logits over a vocabulary are
        large.
        """
        return self.predictions[0] if len(self.predictions) == 1 else np.concatenate(self.predictions)


@dataclass(frozen=True)
class Gradients:
    """What was found on the way to the gradients: StepResult without their norm."""

    predictions: tuple[Array, ...]
    loss: float
    count: float
    right: int | None
    state: Any


def gradients(model: Layer, loss: Loss, x: Any, target: Array, state: Any = None) -> Gradients:
    """forward, loss and backward. The model's gradients become those of the mean."""
    (prediction, state_n), cache = answer(model, x, state)
    total, count, loss_cache = loss.forward(prediction, target)
    check_count(count)

    model.zero_grad()
    # the loss is a sum; the step follows the mean: divided once, here
    dprediction, *_ = loss.backward(np.asarray(1 / count, dtype=prediction.dtype), loss_cache)
    model.backward(upstream(dprediction, state_n), cache)
    return Gradients((prediction,), float(total), float(count), right_answers(prediction, target), state_n)


def upstream(dprediction: Array, state: Any) -> Any:
    """The gradient in the structure that the model returned: nothing comes back from the next batch."""
    return dprediction if state is None else (dprediction, None)


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
    x: Any,
    target: Array,
    max_norm: float | None = None,
    before_update: Callable[[StepResult], None] | None = None,
    state: Any = None,
    threads: int = 1,
) -> StepResult:
    """forward, loss, backward, clip, update. `before_update` sees the result while the weights are still the
    old ones.

    x: an array, or a tuple of all that forward takes. state: what the batch before handed on. Its gradient is
    not handed back: back-propagation through time is truncated at the borders of batches. With threads > 1
    the batch is cut into as many parts: see sharding.
    """
    if threads > 1:
        from .sharding import sharded_gradients

        found = sharded_gradients(model, loss, x, target, threads, state)
    else:
        found = gradients(model, loss, x, target, state)

    parameters = optimizer.parameters
    norm = grad_norm(parameters) if max_norm is None else clip_grad_norm_(parameters, max_norm)
    result = StepResult(found.predictions, found.loss, found.count, found.right, norm, found.state)
    if before_update is not None:
        before_update(result)
    optimizer.step()
    model.update_running_statistics()
    return result
