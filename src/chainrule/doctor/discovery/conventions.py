"""A second opinion on what was found in a file: code that looks wrong by itself may be right as it is meant.

Two conventions are known. An output layer of probabilities whose backward begins at the logits, with the p -
y of the cross-entropy. And a layer that is wrong alone and right as a part: where the whole is right, nothing
is said about the part.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..calling import required
from ..case import Case
from ..catalogue import CATALOGUE
from ..check import check
from ..objects import backward_of, forward_of, layers_of
from ..probe import Probe
from ..quiet import quietly
from ..recorder import Recording
from ..report import Report
from ..step_model import StepModel, only_steps
from ..subject import Subject
from .found import Found
from .guess import of_the_guess
from .optimizers import of_layers_with_other_names, source_of

LAYERS = ("class", "instance", "pair", "closure")
BATCH = 2  # samples, as discovery chooses them
_CROSS_ENTROPY = re.compile(
    r"cross.?entropy|\bbce\b|log.?loss|logistic|logit|p_minus|minus_y|p - y|y_hat - y", re.I
)

_COLUMNS = re.compile(
    r"axis ?= ?(-?1|\()|shape\[-?1\]|keepdims|softmax|argmax|one_?hot|class(es|_)|n_class|arange|einsum",
    re.I,
)
_BINARY = re.compile(r"\bbce|binary|log\(1(\.0?)? ?- ?", re.I)


def second_opinion(found: Found, report: Report, seed: int = 0) -> Report:
    """The report, or one without findings where the code is right by a known convention."""
    if found.kind == "optimizer":
        return of_layers_with_other_names(found.subject, report)
    if report.ok or found.kind not in (*LAYERS, "loss", "whole"):
        return report
    for opinion in OPINIONS if found.kind in LAYERS else (of_the_guess, _of_one_column):
        try:
            other = opinion(found, report, seed)
        except Exception:  # then it stays as it is
            continue
        if other is not None:
            other.name = report.name
            return other
    return report


def _from_the_logits(found: Found, report: Report, seed: int) -> Report | None:
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


def _of_one_label(found: Found, report: Report, seed: int) -> Report | None:
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


def _without_upstream(found: Found, report: Report, seed: int) -> Report | None:
    """`backward(dout=1)` of a loss: the default is what it is called with."""
    if found.kind in ("pair", "closure") or [f.code for f in report.findings] != ["ignores-upstream"]:
        return None
    subject = found.subject
    if required(getattr(subject, str(backward_of(subject)))):
        return None
    whole = check(_Loss(subject), *found.inputs, seed=seed, **found.kwargs)
    whole.assumed.append("backward is started without a gradient from above, as the last layer's is")
    return whole if whole.ok else None


def _of_one_column(found: Found, report: Report, seed: int) -> Report | None:
    """A loss that was handed rows may be one of a number per sample: its mean is one over len(p). A binary
    cross-entropy mostly is; others where nothing speaks of columns.
    """
    if [f.code for f in report.findings] != ["mean-sum-mismatch"]:
        return None
    parts = found.subject if isinstance(found.subject, tuple) else (_owner(found.subject),)
    text = "\n".join(map(source_of, parts))
    if not _BINARY.search(text) and _COLUMNS.search(text):
        return None
    for width in (slice(1), 0):
        inputs = tuple(v[:, width] if isinstance(v, np.ndarray) and v.ndim == 2 else v for v in found.inputs)
        try:
            one = check(found.subject, *inputs, seed=seed, **found.kwargs)
        except Exception:  # it asks for rows
            continue
        if one.ok and one.tested:
            said = "each sample has one number; of several, the loss takes another mean than its gradient"
            one.assumed = [*report.assumed, said]
            return one
    return None


def _owner(subject: Any) -> Any:
    """The class, or the function that a whole was made of."""
    return getattr(getattr(subject, "forward", None), "__wrapped__", None) or type(subject)


def _mean_of_samples(found: Found, report: Report, seed: int) -> Report | None:
    """dW and db are divided by the number of samples, dx is not; whatever that number is."""
    if any(CATALOGUE[f.code].section != "B" for f in report.findings):
        return None
    counts = []
    for more in (0, 1):
        inputs = tuple(_extended(value, more) for value in found.inputs)
        with quietly():
            face = Subject(found.subject, inputs, dict(found.kwargs))
            probe = Probe(face, seed=seed)
            case = Case(probe)
            first = face.input_names[0]
            wrong = [n for n in case.wrong if n != first]
            ratios = [float(np.vdot(case.n(n), case.n(n)) / np.vdot(case.a(n), case.n(n))) for n in wrong]
            fits = all(case.explains(n, r * case.a(n)) for n, r in zip(wrong, ratios, strict=True))
            named = len(wrong) == len(case.doubtful) and first in case.right
            right = [n for n in case.right if n != first and case.scale and np.abs(case.a(n)).max() > 0]
            probe.close()
        if not wrong or not fits or not named or right or max(ratios) - min(ratios) > 1e-3:
            return None
        counts.append((round(ratios[0], 3), np.shape(inputs[0])))
    (before, shape), (after, longer) = counts
    grown = [b for a, b in zip(shape, longer, strict=True) if a != b]
    if before not in shape or after not in grown:
        return None
    told = Report(report.name, tested=report.tested, not_tested=report.not_tested)
    mean = "the gradients of the parameters are divided by the number of samples"
    told.assumed = [*report.assumed, f"{mean}: right if the loss's own gradient is not"]
    return told


def _extended(value: Any, more: int) -> Any:
    """An array of two samples with some more: the axis of that length grows."""
    if not more or not isinstance(value, np.ndarray) or value.ndim < 2 or BATCH not in value.shape:
        return value
    axis = value.shape.index(BATCH)
    return np.concatenate([value, 1.3 * np.take(value, range(more), axis)], axis)


def excuse_parts(results: Sequence[tuple[Found, Report | str]]) -> None:
    """Removes findings about gradients from classes whose objects are parts of something that is right, and
    whose backward that runs.
    """
    wholes = [
        found
        for found, report in results
        if not isinstance(report, str) and report.ok and found.kind in ("class", "instance", "step", "check")
    ]
    for found, report in results:
        if isinstance(report, str) or report.ok or found.kind != "class":
            continue
        if not all(CATALOGUE[f.code].section in "BC" for f in report.findings):
            continue
        kind = type(found.subject)
        owner = next((whole.name for whole in wholes if _runs_backward(whole, kind)), None)
        if owner is not None:
            report.findings.clear()
            report.assumed.append(f"right as a part of {owner}, though not alone")


def _runs_backward(whole: Found, kind: type) -> bool:
    """Whether the whole's backward calls that of a part of this class."""
    try:
        subject = whole.subject
        parts = {type(layer) for layer in layers_of(subject).values()}
    except Exception:
        return False
    if kind not in parts:
        return False
    told = dict(whole.kwargs)
    options = {name: told.pop(name, None) for name in ("training", "loss", "target")}
    try:
        with quietly(), Recording(subject) as recording:
            step = StepModel(subject, whole.inputs, options["target"]) if only_steps(subject) else None
            probe = Probe(step or Subject(subject, whole.inputs, told, **options))
            probe.run()
            probe.close()
    except Exception:  # nobody knows
        return True
    return any(call.phase == "backward" and type(call.layer) is kind for call in recording.calls)


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


def _at_the_input(found: Found, report: Report, seed: int) -> Report | None:
    """A backward beside a forward that keeps nothing was tried at forward's output: it may mean its input."""
    if found.kind != "pair" or len(found.inputs) != 1:
        return None
    forward, backward = found.subject
    face = Subject((forward, backward), found.inputs, dict(found.kwargs))
    if face.returns_cache or not face.call.wants_cache:
        return None

    def keeps(x: Any, **kwargs: Any) -> tuple[Any, Any]:
        return forward(x, **kwargs), x

    other = check((keeps, backward), *found.inputs, seed=seed, **found.kwargs)
    other.assumed = [*report.assumed, "taken at the input"]
    return other if other.ok and other.tested else None


OPINIONS = (
    of_the_guess,
    _from_the_logits,
    _of_one_label,
    _without_upstream,
    _of_one_column,
    _mean_of_samples,
    _at_the_input,
)
