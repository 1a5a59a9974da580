"""What forward's own text and values tell: the shapes of intermediates, and whether it is attention."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from ..case import Case
from ..errors import SubjectError
from ..source.freeze import Freezer
from ..source.reach import reached
from ..source.read import source_tree
from .sources import Shape


def shapes_inside(case: Case) -> list[Shape]:
    """The shapes that arrays have anywhere in forward, also those of the inputs."""
    found: dict[Shape, None] = {}
    for value in case.probe.inputs:
        if isinstance(value, np.ndarray):
            found[value.shape] = None
    for values in recorded(case).values.values():
        for value in values[:2]:
            if isinstance(value, np.ndarray) and value.ndim > 1:
                found[value.shape] = None
    return list(found)[:40]


def recorded(case: Case) -> Freezer:
    """Forward's intermediates at the point, remembered with the case."""
    kept: Any = getattr(case, "_recorded", None)
    if kept is None:
        try:
            kept = Freezer(case)
        except (SubjectError, SyntaxError, ValueError):
            kept = Freezer.__new__(Freezer)
            kept.available, kept.values = False, {}
        case._recorded = kept  # type: ignore[attr-defined]
    return kept  # type: ignore[no-any-return]


def text_of(case: Case) -> str:
    """The source of forward and of what it calls, as far as it is at hand."""
    subject = case.probe.subject
    trees = [
        source_tree(f) for f in [subject.forward_function, *reached(subject.forward_function, subject.owner)]
    ]
    return "\n".join(ast.unparse(t) for t in trees if t is not None)


def attends(case: Case) -> bool:
    """Whether it looks like attention: a softmax, and arrays with an axis for the heads."""
    text = text_of(case)
    return ("exp" in text or "softmax" in text) and any(len(s) >= 4 for s in shapes_inside(case))
