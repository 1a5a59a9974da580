"""Are the targets classes? Which, how many, and which ones does a model answer?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Labels:
    """Class numbers, flat, with the number of classes. one_hot: the targets came one-hot."""

    ids: np.ndarray
    classes: int
    one_hot: bool = False
    per_sample: bool = True  # one label per sample: no sequence of labels

    @property
    def shares(self) -> np.ndarray:
        return np.bincount(self.ids, minlength=self.classes) / max(len(self.ids), 1)

    @property
    def entropy(self) -> float:
        """The loss of the best answer that does not look at the input."""
        shares = self.shares[self.shares > 0]
        return float(-(shares * np.log(shares)).sum())


def read_labels(target: Any, output: np.ndarray | None) -> Labels | None:
    """The class numbers in a target; None for a regression. output: an answer to the same inputs."""
    try:
        array = np.asarray(target)
    except (TypeError, ValueError):
        return None
    if array.dtype.kind not in "iufb" or array.size == 0 or array.ndim == 0:
        return None
    if array.dtype.kind == "f" and not np.all(np.isfinite(array)):
        return None
    whole = bool(np.all(array == np.round(array)))
    if not whole:
        return None
    if _is_one_hot(array) and (output is None or output.shape == array.shape):
        axis = -1
        ids = array.argmax(axis)
        return Labels(ids.reshape(-1), array.shape[-1], True, ids.ndim == 1)
    width = answer_width(output, array)
    ids = array.reshape(-1)
    distinct = np.unique(ids)
    if width is None:  # an answer of the target's own shape: two classes, or a regression
        if len(distinct) != 2 or array.ndim > 2 or (array.ndim == 2 and array.shape[1] != 1):
            return None
        return Labels((ids == distinct[1]).astype(int), 2)
    if ids.min() < 0 or ids.max() >= width:
        return None
    return Labels(ids.astype(int), width, False, array.ndim == 1 or array.size == array.shape[0])


def answer_width(output: np.ndarray | None, target: np.ndarray) -> int | None:
    """How many classes an answer speaks about; None where it has one number per target."""
    if output is None:
        return None if target.dtype.kind == "f" else max(int(target.max()) + 1, 2)
    if output.size == target.size:
        return None
    return (
        int(output.shape[-1])
        if output.size == target.size * output.shape[-1]
        else (
            int(output.shape[0])
            if output.ndim == 2 and output.size == target.size * output.shape[0]
            else None
        )
    )


def answers(output: np.ndarray, labels: Labels) -> np.ndarray | None:
    """The class that each answer names, flat."""
    count = len(labels.ids)
    if output.size == count:
        flat = output.reshape(-1)
        if (
            np.all(flat == np.round(flat))
            and flat.min() >= 0
            and flat.max() < labels.classes
            and len(np.unique(flat)) > 1
        ):
            return flat.astype(int)
        return (flat > (0.5 if flat.min() >= 0 and flat.max() <= 1 else 0.0)).astype(int)
    if output.shape[-1] == labels.classes and output.size == count * labels.classes:
        return np.asarray(output.reshape(-1, labels.classes).argmax(1))
    if output.ndim == 2 and output.shape == (labels.classes, count):
        return np.asarray(output.argmax(0))
    return None


def scores(output: np.ndarray, labels: Labels) -> np.ndarray | None:
    """The answers as (answers, classes), logits or probabilities."""
    count = len(labels.ids)
    if output.size == count and labels.classes == 2:
        flat = output.reshape(-1)
        if flat.min() >= 0 and flat.max() <= 1:
            return np.stack([1 - flat, flat], 1)
        return np.stack([np.zeros_like(flat), flat], 1)
    if output.shape[-1] == labels.classes and output.size == count * labels.classes:
        return output.reshape(-1, labels.classes)
    if output.ndim == 2 and output.shape == (labels.classes, count):
        return output.T
    return None


FLOORS = (
    0.0,
    1e-15,
    1e-12,
    1e-10,
    1e-9,
    1e-8,
    1e-7,
    1e-6,
    1e-5,
)  # people add to probabilities before the log


def is_cross_entropy(loss: float, mean: float, output: np.ndarray, labels: Labels) -> bool:
    """Whether a loss is the mean cross-entropy, with probabilities kept away from 0 in one way or another."""
    rows = scores(output, labels)
    if rows is None:
        return False
    logs = np.minimum(_log_probabilities(rows)[np.arange(len(rows)), labels.ids], 0)
    near = 0.02 * max(mean, 0.05)
    return any(
        abs(loss + float(np.log(np.exp(logs) + f).mean() if f else logs.mean())) < near
        or (bool(f) and abs(loss + float(np.log(np.maximum(np.exp(logs), f)).mean())) < near)
        for f in FLOORS
    )


def _log_probabilities(rows: np.ndarray) -> np.ndarray:
    if rows.min() >= 0 and np.allclose(rows.sum(1), 1, atol=1e-3):
        return np.asarray(np.log(np.maximum(rows, 1e-300)))
    shifted = rows - rows.max(1, keepdims=True)
    result: np.ndarray = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return result


def cross_entropy(output: np.ndarray, labels: Labels) -> float | None:
    """The mean cross-entropy of the answers, read as probabilities where they are, as logits otherwise."""
    rows = scores(output, labels)
    if rows is None or not np.all(np.isfinite(rows)):
        return None
    return float(-_log_probabilities(rows)[np.arange(len(rows)), labels.ids].mean())


def _is_one_hot(array: np.ndarray) -> bool:
    if array.ndim < 2 or array.shape[-1] < 2:
        return False
    return bool(np.all((array == 0) | (array == 1)) and np.all(array.sum(-1) == 1))
