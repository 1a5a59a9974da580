"""Which intermediate of the subject's forward, changed in which way, makes the output the reference's?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..source.sites import Site
from .explanation import Change, Explanation, code_of, rearranged, scaling
from .factors import factor_code, factors
from .meeting import Meeting
from .sights import recorded, shapes_inside

_KINDS = ("assign", "return", "call", "augment")


def of_intermediates(meeting: Meeting) -> Iterator[Explanation]:
    """Values at their assignment: rearranged, scaled."""
    freezer = recorded(meeting.case)
    if not freezer.available:
        return
    with freezer.running():
        for site, value in _sites(freezer):
            for code, words, change in _changes(meeting, site, value):
                if meeting.allowance.spent():
                    return

                def action(
                    at: Site, _: int, v: Any, s: Site = site, c: Change = change, shape: Any = value.shape
                ) -> Any:
                    return (
                        np.ascontiguousarray(c(v))
                        if at is s and isinstance(v, np.ndarray) and v.shape == shape
                        else v
                    )

                freezer.taps.action = action
                if meeting.holds(lambda point: _run(meeting, freezer, point)):
                    yield Explanation(
                        code,
                        f"with `{site.text}` (line {site.line}), {words}, the output equals the reference's",
                        {"intermediate": site.text, "shape": value.shape, "statement": site.statement},
                        file=site.file,
                        line=site.line,
                        fix="" if code == "head-merge-scrambled" else f"{site.text}: {words}",
                    )
                    return


def _run(meeting: Meeting, freezer: Any, point: int) -> list[np.ndarray]:
    freezer.taps.counts = {}
    return meeting.ours(None, point)


def _sites(freezer: Any) -> list[tuple[Site, np.ndarray]]:
    found = [
        (site, freezer.values[key][0])
        for key, site in freezer.taps.sites.items()
        if key in freezer.values
        and site.kind in _KINDS
        and isinstance(freezer.values[key][0], np.ndarray)
        and freezer.values[key][0].ndim
    ]
    return sorted(found, key=lambda f: _KINDS.index(f[0].kind))


def _changes(meeting: Meeting, site: Site, value: np.ndarray) -> Iterator[tuple[str, str, Change]]:
    through = [s for s in shapes_inside(meeting.case) if int(np.prod(s)) == value.size]
    attends = any(len(s) >= 4 for s in through)
    if value.ndim > 1:
        for way in rearranged(value.shape, value.shape, through):
            code = code_of(way, attends)
            yield code, way.words, way.change
    for factor, words in factors(meeting).items():
        yield factor_code(meeting, factor, words), words, scaling(factor)
    for n in sorted(
        {k for s in through for k in s if k > 1}
        | {k for v in meeting.case.probe.inputs for k in np.shape(v) if k > 1}
    ):
        for factor, words in ((n / (n - 1), f"times {n} / {n - 1}"), ((n - 1) / n, f"times {n - 1} / {n}")):
            biased = f"{words}: the variance is divided by {n} on one side, by {n - 1} on the other"
            yield "reference-mismatch", biased, scaling(factor)
            yield "reference-mismatch", f"{biased} (its root)", scaling(np.sqrt(factor))
