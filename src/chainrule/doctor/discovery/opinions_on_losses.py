"""Losses, and output layers before them, that look wrong by themselves and are right as they are meant."""

from __future__ import annotations

import inspect
import re
from typing import Any

import numpy as np

from ..calling import PREDICTED, positional, required
from ..case import Case
from ..check import check
from ..objects import backward_of, forward_of
from ..probe import Probe
from ..quiet import quietly
from ..report import Report
from ..subject import Subject
from .adapters import loss_pairs
from .found import Found
from .optimizers import source_of

_CROSS_ENTROPY = re.compile(
    r"cross.?entropy|\bbce\b|log.?loss|logistic|logit|p_minus|minus_y|p - y|y_hat - y", re.I
)

_COLUMNS = re.compile(
    r"axis ?= ?(-?1|\()|shape\[-?1\]|keepdims|softmax|argmax|one_?hot|class(es|_)|n_class|arange|einsum",
    re.I,
)

_BINARY = re.compile(r"\bbce|binary|log\(1(\.0?)? ?- ?", re.I)


def from_the_logits(found: Found, report: Report, seed: int) -> Report | None:
    if found.kind in ("pair", "closure") or "loss" in found.kwargs:
        return None
    with quietly():
        y = Subject(found.subject, found.inputs, dict(found.kwargs)).forward(found.inputs).outputs
    axis = _probabilities(y)
    if axis is None or (axis == "sigmoid" and not _CROSS_ENTROPY.search(source_of(type(found.subject)))):
        return None
    loss, target = (
        (_binary, _binary_target(y)) if axis == "sigmoid" else (_cross_entropy, _one_hot(y, int(axis)))
    )
    whole = check(
        found.subject, *found.inputs, loss=(loss, _residual), target=target, seed=seed, **found.kwargs
    )
    whole.assumed.append("backward begins at the logits, with p - y of a cross-entropy: right as a whole")
    return whole if whole.ok else None


def of_one_label(found: Found, report: Report, seed: int) -> Report | None:
    """A softmax of one sample whose backward expects what the cross-entropy of one label gives: a gradient
    that is 0 but for one entry.
    """
    with quietly():
        face = Subject(found.subject, found.inputs, dict(found.kwargs))
        probe = Probe(face, seed=seed)
        try:
            case = Case(probe)
            ((name, y),) = case.outputs.items()
            if y.ndim != 1 or _probabilities(y) != -1:
                return None
            for label in range(len(y)):
                upstream = {name: -1.3 * np.eye(len(y))[label]}
                gradients = probe.run(upstream=upstream).gradients
                if not all(case.agrees(n, np.asarray(gradients[n]), upstream) for n in probe.names):
                    return None
            told = Report(report.name, tested=list(probe.names), not_tested=report.not_tested)
        finally:
            probe.close()
    told.assumed = [
        *report.assumed,
        "backward is given a gradient with one entry that is not 0: that of a label",
    ]
    return told


class _Loss:
    """A loss that is started without a gradient from above."""

    def __init__(self, subject: Any) -> None:
        self.subject = subject
        self.forward = getattr(subject, str(forward_of(subject)))
        start = getattr(subject, str(backward_of(subject)))

        def backward() -> Any:
            return start()

        backward.__wrapped__ = start  # type: ignore[attr-defined]
        backward.__signature__ = inspect.Signature()  # type: ignore[attr-defined]
        self.backward = backward


def without_upstream(found: Found, report: Report, seed: int) -> Report | None:
    """`backward(dout=1)` of a loss: the default is what it is called with."""
    if found.kind in ("pair", "closure") or [f.code for f in report.findings] != ["ignores-upstream"]:
        return None
    subject = found.subject
    if required(getattr(subject, str(backward_of(subject)))):
        return None
    whole = check(_Loss(subject), *found.inputs, seed=seed, **found.kwargs)
    whole.assumed.append("backward is started without a gradient from above, as the last layer's is")
    return whole if whole.ok else None


def of_one_column(found: Found, report: Report, seed: int) -> Report | None:
    """A loss that was handed rows may be one of a number per sample: its mean is one over len(p). A binary
    cross-entropy mostly is; others where nothing speaks of columns, and functions of something that is not
    called a prediction, which may well be several numbers.
    """
    if [f.code for f in report.findings] != ["mean-sum-mismatch"]:
        return None
    if found.kind == "loss" and PREDICTED.match(positional(inspect.unwrap(found.subject[0]))[0].name):
        return None
    parts = found.subject if isinstance(found.subject, tuple) else (_owner(found.subject),)
    text = "\n".join(map(source_of, parts))
    if not _BINARY.search(text) and _COLUMNS.search(text):
        return None
    return narrowed_to_one(found, report, seed)


def narrowed_to_one(found: Found, report: Report, seed: int) -> Report | None:
    """The report where each sample has one number; None where that is not right either."""
    for width in (slice(1), 0):
        try:
            subject, inputs = _narrowed(found, width)
            one = check(subject, *inputs, seed=seed, **found.kwargs)
        except Exception:  # it asks for rows
            continue
        if one.ok and one.tested:
            said = "each sample has one number; of several, the loss takes another mean than its gradient"
            one.assumed = [*report.assumed, said]
            return one
    return None


def _narrowed(found: Found, width: slice | int) -> tuple[Any, tuple[Any, ...]]:
    """The loss with one column of each of its arguments."""

    def cut(values: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(v[:, width] if isinstance(v, np.ndarray) and v.ndim == 2 else v for v in values)

    if found.kind != "loss":
        return found.subject, cut(found.inputs)
    (prediction,) = found.inputs
    place = next(i for i, value in enumerate(found.everything) if np.array_equal(value, prediction))
    others = cut((*found.everything[:place], *found.everything[place + 1 :]))
    loss, gradient = map(inspect.unwrap, found.subject)
    return loss_pairs(loss, gradient, place, others)[""], cut(found.inputs)


def _owner(subject: Any) -> Any:
    """The class, or the function that a whole was made of."""
    return getattr(getattr(subject, "forward", None), "__wrapped__", None) or type(subject)


def _probabilities(y: Any) -> int | str | None:
    """The axis over which the outputs add up to 1, "sigmoid" if each lies between 0 and 1, else None."""
    if not isinstance(y, np.ndarray) or y.size < 2 or not np.all((y > 0) & (y < 1)):
        return None
    axes: list[int] = [-1, *range(y.ndim - 1)]
    for axis in axes:
        if y.shape[axis] > 1 and np.allclose(y.sum(axis), 1):
            return axis
    return "sigmoid"


def _cross_entropy(y: Any, target: Any) -> float:
    return float(-np.sum(target * np.log(y)))


def _binary(y: Any, target: Any) -> float:
    return float(-np.sum(target * np.log(y) + (1 - target) * np.log(1 - y)))


def _residual(y: Any, target: Any) -> Any:
    return y - target


def _one_hot(y: np.ndarray, axis: int) -> np.ndarray:
    moved = np.moveaxis(y, axis, -1)
    rng = np.random.default_rng(5)
    return np.moveaxis(np.eye(moved.shape[-1])[rng.integers(0, moved.shape[-1], moved.shape[:-1])], -1, axis)


def _binary_target(y: np.ndarray) -> np.ndarray:
    return (np.random.default_rng(5).uniform(size=y.shape) < 0.5).astype(float)
