"""What was done to a right gradient on purpose, in the wrong place: a penalty added, its norm clipped."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from ..case import Case, close
from ..report import Finding
from .counts import ratio
from .scales import function_text


def weight_decay(case: Case, name: str) -> Iterator[Finding]:
    """a - n is collinear with the parameter (where backward(0) does not show it)."""
    a, n = case.a(name), case.n(name)
    w = case.probe.value(name)
    first = case.probe.subject.input_names[:1]
    pair = (
        case.probe.subject.is_pair
        and not case.probe.subject.is_loss
        and max(map(np.size, case.outputs.values())) > 1
    )
    if a.shape != n.shape or w.size < 2 or (pair and name in first):
        return
    if not pair and not case.probe.is_parameter(name) and not _penalizes(case):
        return
    factor = ratio(w, a - n)
    if factor is not None and ratio(a, n) is None:
        yield case.finding(
            "regularization-in-gradient",
            [name],
            verified=True,
            evidence={"factor": factor},
            detail=f"the difference to the numerical gradient is {factor:.4g} * {name}",
        )


def _penalizes(case: Case) -> bool:
    """Whether forward adds a penalty, by its own words: 0.5 * REG * np.sum(W * W)."""
    return bool(re.search(r"(?<![a-z])(reg|lam|decay|penal|l2|ridge|wd(?![a-z]))", function_text(case), re.I))


def clipped(case: Case, name: str) -> Iterator[Finding]:
    """a = clip(n, -c, c)."""
    a, n = case.a(name), case.n(name)
    limit = float(np.abs(a).max(initial=0))
    if a.shape != n.shape or not 0 < limit < np.abs(n).max(initial=0) or ratio(a, n) is not None:
        return  # where all numbers are of one size, a factor looks like a limit
    many = np.count_nonzero(np.isclose(np.abs(a), limit, rtol=1e-9)) > 1
    if many and close(a, np.clip(n, -limit, limit)):
        yield case.finding(
            "clipped-in-backward",
            [name],
            verified=True,
            evidence={"limit": limit},
            detail=f"it is the numerical gradient cut at {limit:.4g}",
        )
