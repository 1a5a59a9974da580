"""A layer or model with forward and backward may have a step(x, target, learning_rate), too: is it right?

What the target is has to be guessed: labels, one-hot rows, numbers. A step that is right with one of them is
right; only what is said whatever the target is, and of the update alone, is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..calling import required
from ..check import check
from ..quiet import quietly
from ..report import Report
from ..step_update import with_update
from ..structure import copied
from ..subject import Subject
from .candidates import step_of
from .choices import make_array
from .found import Found
from .whole import Whole

RATE = 0.01
OF_THE_UPDATE = (
    "parameter-not-updated",
    "rows-not-updated",
    "adam-bias-correction-wrong",
)  # whatever the loss


def with_step(found: Found, report: Report, seed: int) -> Report | None:
    """The report on its step, of a subject whose gradients are right; None where nothing is to be told."""
    if isinstance(found.subject, Whole):
        return _of_model(found, report)
    if found.kind not in ("class", "instance") or len(found.inputs) != 1 or "target" in found.kwargs:
        return None
    step = step_of(type(found.subject))
    if not report.ok or not report.tested or step is None:
        return None
    with quietly():
        y = Subject(found.subject, found.inputs, dict(found.kwargs)).forward(found.inputs).outputs
    told: Report | None = None
    for said, target in _targets(y):
        try:
            with quietly():
                more = [RATE for _ in required(step)[3:]]
                getattr(found.subject, step.__name__)(*copied(found.inputs), copied(target), *more)
            other = check(found.subject, *found.inputs, target=target, seed=seed, **found.kwargs)
        except Exception:  # its loss takes no such target
            continue
        if other.ok and other.tested:
            return None
        if told is None and other.findings and all(f.code in OF_THE_UPDATE for f in other.findings):
            told = other
            told.assumed = [*report.assumed, f"target of step: {said}"]
    return told


def _of_model(found: Found, report: Report) -> Report | None:
    """A model with a loss(x, y) of its own: which target fits is known there."""
    model = found.subject.model()
    if len(found.inputs) != 2 or step_of(type(model)) is None:
        return None
    x, target = found.inputs
    findings = with_update(model, (x,), target, [])
    if not findings:
        return None
    return Report(report.name, findings=findings, tested=report.tested, assumed=report.assumed)


def _targets(y: Any) -> Iterator[tuple[str, Any]]:
    """What may stand beside such an output, the most plausible first."""
    if not isinstance(y, np.ndarray) or not y.ndim:
        return
    shapes = {"normal": y.shape, "binary": y.shape}
    if y.ndim > 1 and y.shape[-1] > 1:
        labels = make_array("labels", y.shape[:-1], y.shape[-1])
        yield f"labels {labels.shape}", labels
        yield f"one-hot {y.shape}", make_array("one_hot", y.shape)
    for kind, shape in shapes.items():
        yield f"{kind} {shape}", make_array(kind, shape)
    if y.shape[-1] == 1:
        yield f"one for each {y.shape[:-1]}", make_array("normal", y.shape[:-1])
