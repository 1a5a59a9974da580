"""Evaluation: the model's answers on data it does not learn from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.layers.layer import Layer

from .step import Loss, answer, is_classification


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


def evaluate(model: Layer, loss: Loss, batches: Iterable[tuple[Any, Array]]) -> Evaluation:
    """Runs the model in evaluation mode over all batches (inputs, labels); the mode it was in comes back
    afterwards. Inputs are an array, or a tuple of all that the model's forward takes.
    """
    total, count, all_logits, all_labels = 0.0, 0.0, [], []
    with evaluating(model):
        for x, target in batches:
            (logits, _), _ = answer(model, x)
            batch_loss, batch_count, _ = loss.forward(logits, target)
            total, count = total + float(batch_loss), count + float(batch_count)
            all_logits.append(logits)
            all_labels.append(target)
    if not all_logits:
        raise ValueError("evaluate got no batches: the data is empty")
    logits, labels = np.concatenate(all_logits), np.concatenate(all_labels)
    right = logits.argmax(-1) == labels if is_classification(logits, labels) else np.nan
    return Evaluation(total / count, float(np.mean(right)), logits, labels)


def mean_loss(
    model: Layer, loss: Loss, batches: Iterable[tuple[Any, Array]], carry_state: bool = False
) -> float:
    """The loss per target over all batches, in evaluation mode, with nothing kept. carry_state: a recurrent
    model's state goes on from batch to batch, as in `fit`.
    """
    total, count, state = 0.0, 0.0, None
    with evaluating(model):
        for x, target in batches:
            (prediction, state_n), _ = answer(model, x, state)
            batch_loss, batch_count, _ = loss.forward(prediction, target)
            total, count = total + float(batch_loss), count + float(batch_count)
            state = state_n if carry_state else None
    if not count:
        raise ValueError("mean_loss got no targets: the data is empty")
    return total / count


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
