"""A chainrule Layer promises a gradient for every floating array that forward took.

Anybody's own code may leave one out (a first layer, a state that nobody learns): there it is only said.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..case import Case
from ..naming import MASKS
from ..overlooked import needs_none
from ..report import Finding


def promised(case: Case) -> Iterator[Finding]:
    """None in the place of a gradient of which the numerical one is not 0."""
    subject = case.probe.subject
    if not any(kind.__module__.startswith("chainrule.layers") for kind in type(subject.owner).__mro__):
        return
    due = [
        n
        for n in case.absent
        if not MASKS.search(n)
        and not needs_none(n, case.probe.value(n), subject.is_loss)
        and np.abs(case.n(n)).max(initial=0) > 1e-7
    ]
    if due:
        yield case.finding(
            "gradient-never-computed",
            due,
            verified=True,
            evidence={n: {"numerical, largest": float(np.abs(case.n(n)).max())} for n in due},
            detail=f"backward returns nothing for {', '.join(due)}, of which the numerical gradient is not 0",
        )
