"""The losses that one usually trains with, as functions of a prediction and its labels.

A backward that takes labels, `delta = (self.output - y) / m`, is the gradient of one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

CROSS_ENTROPY = "cross-entropy"
OF_A_SOFTMAX = "cross-entropy of the softmax"
BINARY = "binary cross-entropy"
OF_A_SIGMOID = "binary cross-entropy of the sigmoid"
SQUARED = "squared error"


class TakesLabels:
    """A loss whose gradient is begun by backward: that is handed the labels."""

    def loss(self, prediction: Any, labels: Any) -> float:
        raise NotImplementedError


@dataclass(frozen=True)
class GivenLoss(TakesLabels):
    """The user's own `loss=`."""

    given: Any

    def loss(self, prediction: Any, labels: Any) -> float:
        from .criterion import loss_value

        return float(loss_value(self.given, prediction, labels))


@dataclass(frozen=True)
class LabelLoss(TakesLabels):
    """kind: one of those above. axis: of the classes. counted: the axes of the prediction over which it is a
    mean, else a sum. factor: 1/2 of a squared error; negative where
    the gradient is to be added to the weights.
    """

    kind: str
    axis: int = -1
    counted: tuple[int, ...] = ()
    factor: float = 1.0

    def loss(self, prediction: np.ndarray, labels: np.ndarray) -> float:
        y = np.asarray(prediction, dtype=float)
        t = spread(labels, y, self.axis)
        count = float(np.prod([y.shape[a] for a in self.counted]))
        return self.factor / count * _summed(self.kind, y, t, self.axis)

    def variants(self, y: np.ndarray) -> Iterator[LabelLoss]:
        """Sums and means over axes, the batch's first; with and without the 1/2 of a squared error."""
        axes = [a for a in range(y.ndim) if y.shape[a] > 1]
        axes.sort(key=lambda a: a == self.axis % y.ndim and y.ndim > 1)
        counts = [
            (),
            *((a,) for a in axes),
            *combinations(axes, 2),
            *([tuple(axes)] if len(axes) > 2 else []),
        ]
        for factor in (1.0, 0.5) if self.kind == SQUARED else (1.0,):
            for counted in counts:
                yield replace(self, counted=counted, factor=factor)

    def says(self, y: np.ndarray) -> str:
        """In words."""
        half = "half the " if abs(self.factor) == 0.5 else "the "
        half = f"minus {half}" if self.factor < 0 else half
        count = int(np.prod([y.shape[a] for a in self.counted]))
        return f"{half}{self.kind}, " + (f"divided by {count}" if self.counted else "summed")


def _summed(kind: str, y: np.ndarray, t: np.ndarray, axis: int) -> float:
    with np.errstate(all="ignore"):
        if kind == CROSS_ENTROPY:
            return float(-np.sum(t * np.log(y)))
        if kind == OF_A_SOFTMAX:
            shifted = y - y.max(axis, keepdims=True)
            return float(-np.sum(t * (shifted - np.log(np.exp(shifted).sum(axis, keepdims=True)))))
        if kind == BINARY:
            return float(-np.sum(t * np.log(y) + (1 - t) * np.log(1 - y)))
        if kind == OF_A_SIGMOID:
            return float(np.sum(np.logaddexp(0, y) - t * y))
        return float(np.sum((y - t) ** 2))


def spread(labels: np.ndarray, y: np.ndarray, axis: int) -> np.ndarray:
    """Class numbers as rows of zeros and a one; anything else as it is."""
    labels = np.asarray(labels)
    if labels.ndim < y.ndim and labels.dtype.kind in "iu":
        return np.moveaxis(np.eye(y.shape[axis])[labels], -1, axis)
    return labels


def class_axis(y: np.ndarray) -> int | None:
    """The axis along which probabilities add up to 1."""
    if not np.all((y > 0) & (y < 1)):
        return None
    fits = [a for a in (-1, *range(y.ndim - 1)) if y.shape[a] > 1 and np.allclose(y.sum(a), 1)]
    return fits[0] if fits else None


def readings(y: np.ndarray, given: np.ndarray | None) -> Iterator[tuple[np.ndarray, list[LabelLoss]]]:
    """What may be handed to backward as labels of a prediction y, and the losses that it may stand for.

    given: labels that the user has handed in; they are used where they fit.
    """
    rng = np.random.default_rng(5)
    axis = class_axis(y)
    axes = [axis] if axis is not None else [a for a in (-1, 0)[: y.ndim] if y.ndim > 1 and y.shape[a] > 1]
    kind = OF_A_SOFTMAX if axis is None else CROSS_ENTROPY
    binary = BINARY if np.all((y > 0) & (y < 1)) else OF_A_SIGMOID
    numbers = given is not None and given.ndim < y.ndim and given.dtype.kind in "iu"
    if given is not None and given.shape == y.shape and given.dtype.kind in "fiub":
        labels = given.astype(float)
        fitting = [LabelLoss(kind, a) for a in axes if np.allclose(labels.sum(a), 1)]
        bits = [LabelLoss(binary)] if set(np.unique(labels)) <= {0.0, 1.0} else []
        yield labels, [*fitting, *bits, LabelLoss(SQUARED)]
        return
    classes = {a: rng.integers(0, y.shape[a], np.moveaxis(y, a, -1).shape[:-1]) for a in axes}
    if not numbers:
        for a in axes:
            yield spread(classes[a], y, a), [LabelLoss(kind, a), LabelLoss(binary), LabelLoss(SQUARED, a)]
        yield (rng.uniform(size=y.shape) < 0.5).astype(float), [LabelLoss(binary), LabelLoss(SQUARED)]
        yield rng.normal(size=y.shape), [LabelLoss(SQUARED)]
    for a in axes:
        own = given if given is not None and numbers and given.shape == classes[a].shape else classes[a]
        yield own, [LabelLoss(kind, a), LabelLoss(SQUARED, a)]
