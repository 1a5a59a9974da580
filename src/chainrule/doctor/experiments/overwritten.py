"""A gradient that is exactly 0 in the end, although backward has computed something for it on the way: each
step of a loop writes it anew, and the step that comes last has nothing to say (its state before is 0).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..case import Case
from ..report import Finding
from ..source.adjoints import BackwardTrace, Moment
from ..source.repair import repairs
from .repaired import code_of

SECONDS = 0.5  # for one line


def overwritten(case: Case, empty: list[str]) -> Iterator[Finding]:
    """Does a small edit of such a statement, `+=` for `=`, make the gradient right?"""
    explained: set[str] = set()
    for name in empty:
        for place in _computed_once(case, name) if name not in explained else ():
            repair = repairs(case, [place], SECONDS)
            if repair is None or name not in repair.healed:
                continue
            explained |= set(repair.healed)
            yield case.finding(
                code_of(case, repair),
                repair.healed,
                verified=True,
                evidence={"edit": repair.what, "left in the end": 0.0},
                line=repair.line,
                file=repair.file,
                fix=repair.diff,
                detail=f"every step writes it anew, and what the last one leaves is 0; with {repair.what} "
                f"in line {repair.line}, the gradient of {', '.join(repair.healed[:6])} is right",
            )
            break


def _computed_once(case: Case, name: str) -> list[tuple[str, int]]:
    """The statements that give something of the gradient's shape, and 0 the last time they are executed."""
    trace = BackwardTrace(case)
    with trace.running():
        moments = trace.record()
    shape = case.a(name).shape
    values: dict[int, list[Moment]] = {}
    for moment in moments:
        if moment.value.shape == shape and moment.site.kind == "assign":
            values.setdefault(moment.site.id, []).append(moment)
    return [
        (mine[0].site.file, mine[0].site.line)
        for mine in values.values()
        if len(mine) > 1 and not np.any(mine[-1].value) and any(np.any(m.value) for m in mine)
    ]
