"""A gradient in which an index of the weight is lost: one number per neuron, indexed along the wrong axis."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..case import Case, close
from ..report import Finding


def index_collapsed(case: Case, name: str) -> Iterator[Finding]:
    """dW[j] where dW[i, j] is meant: rows (or columns) are copies of
    one row of n, or of the sum of its rows.
    """
    a, n = case.a(name), case.n(name)
    if not case.probe.is_parameter(name) and case.probe.subject.owner is not None:
        return
    if n.ndim < 2 or min(n.shape) == 1:
        return
    for axis in range(n.ndim):
        whole = n.sum(axis)
        if a.shape == whole.shape and close(a, whole, tolerance=1e-5):
            yield _collapsed(
                case,
                name,
                f"it is the sum of the numerical gradient over axis {axis}, with shape {a.shape} "
                f"instead of {n.shape}",
            )
            return
        if a.shape != n.shape:
            continue
        first = a.take([0], axis)
        if not close(np.broadcast_to(first, a.shape), a, tolerance=1e-9):
            continue
        for i in range(n.shape[axis]):
            if close(n.take(i, axis), a.take(0, axis), tolerance=1e-5):
                yield _collapsed(
                    case,
                    name,
                    f"along axis {axis} every entry is a copy of entry {i} of the numerical gradient",
                )
                return
        if close(whole, a.take(0, axis), tolerance=1e-5):
            yield _collapsed(
                case, name, f"along axis {axis} every entry is the sum of the numerical gradient's"
            )
            return


def _collapsed(case: Case, name: str, detail: str) -> Finding:
    return case.finding(
        "weight-index-collapsed",
        [name],
        verified=True,
        evidence={"shapes": [case.a(name).shape, case.n(name).shape]},
        detail=detail,
    )
