"""Evaluation: the model's answers on data it does not learn from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any, NamedTuple, TypeVar

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.layers.layer import Layer

from .sharding import one_blas_thread
from .step import Loss, answer, is_classification

T = TypeVar("T")


class Evaluation(NamedTuple):
    loss: float  # mean over all samples, not a mean of means
    accuracy: float  # 0 to 1; NaN where the targets are no classes
    logits: Array  # (samples, classes), in the order of the data
    labels: Array  # (samples,)

    @property
    def predictions(self) -> Array:
        """The class with the largest logit, (samples,)."""
        predictions: Array = self.logits.argmax(-1)
        return predictions

    @property
    def balanced_accuracy(self) -> float:
        """The share of each class that was found, on average over the classes: rare ones count as much as
        frequent ones.
        """
        right = self.predictions == self.labels
        return float(np.mean([right[self.labels == label].mean() for label in np.unique(self.labels)]))


def evaluate(model: Layer, loss: Loss, batches: Iterable[tuple[Any, Array]], threads: int = 1) -> Evaluation:
    """Runs the model in evaluation mode over all batches (inputs, labels); the mode it was in comes back
    afterwards. Inputs are an array, or a tuple of all that the model's forward takes. threads: so many
    batches are looked at at once.
    """

    def judge(batch: tuple[Any, Array]) -> tuple[float, float, Array, Array]:
        x, target = batch
        (logits, _), _ = answer(model, x)
        total, count, _ = loss.forward(logits, target)
        return float(total), float(count), logits, target

    with evaluating(model):
        judged = _on_threads(judge, batches, threads)
    if not judged:
        raise ValueError("evaluate got no batches: the data is empty")
    totals, counts, all_logits, all_labels = zip(*judged, strict=True)
    logits, labels = np.concatenate(all_logits), np.concatenate(all_labels)
    right = logits.argmax(-1) == labels if is_classification(logits, labels) else np.nan
    return Evaluation(sum(totals) / sum(counts), float(np.mean(right)), logits, labels)


def mean_loss(
    model: Layer,
    loss: Loss,
    batches: Iterable[tuple[Any, Array]],
    carry_state: bool = False,
    threads: int = 1,
) -> float:
    """The loss per target over all batches, in evaluation mode, with nothing kept. carry_state: a recurrent
    model's state goes on from batch to batch, as in `fit`; then they are looked at one after the other, else
    `threads` of them at once.
    """
    state = None

    def judge(batch: tuple[Any, Array]) -> tuple[float, float]:
        nonlocal state
        x, target = batch
        (prediction, state_n), _ = answer(model, x, state)
        total, count, _ = loss.forward(prediction, target)
        state = state_n if carry_state else None
        return float(total), float(count)

    with evaluating(model):
        judged = _on_threads(judge, batches, 1 if carry_state else threads)
    count = sum(count for _, count in judged)
    if not count:
        raise ValueError("mean_loss got no targets: the data is empty")
    return sum(total for total, _ in judged) / count


def _on_threads(judge: Callable[[tuple[Any, Array]], T], batches: Iterable[Any], threads: int) -> list[T]:
    """judge of each batch, in their order. Several threads have one of BLAS each, as in a sharded step."""
    if threads == 1:
        return [judge(batch) for batch in batches]
    with one_blas_thread(), ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(copy_context().run, judge, batch) for batch in batches]
        return [future.result() for future in futures]


@contextmanager
def evaluating(model: Layer) -> Iterator[None]:
    """Evaluation mode inside the block; the mode of every layer comes back afterwards."""
    modes = [(layer, layer.training) for _, layer in model.named_layers()]
    model.eval()
    try:
        yield
    finally:
        for layer, mode in modes:
            layer.training = mode
