"""Layers that look wrong by themselves and are right as they are meant: gradients that are divided by the
number of samples, a backward at the input.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import Case
from ..catalogue import CATALOGUE
from ..check import check
from ..probe import Probe
from ..quiet import quietly
from ..report import Report
from ..subject import Subject
from .found import Found

BATCH = 2  # samples, as discovery chooses them


def mean_of_samples(found: Found, report: Report, seed: int) -> Report | None:
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


def at_the_input(found: Found, report: Report, seed: int) -> Report | None:
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
