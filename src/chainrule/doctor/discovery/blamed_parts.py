"""A function that calls another one which is wrong is wrong because of it: local before global.

Edits of the caller may make up for a fault of what it calls; that they heal is no proof then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..report import Report
from ..source.reach import plain, reached
from .found import Found

Result = tuple[Found, Report | str]


def blame_parts(results: Sequence[Result]) -> None:
    """Puts the proved findings of a pair in the place of those of the pairs whose backward calls its own."""
    faulty = list(_pairs_at_fault(results))
    for found, report in faulty:
        called = reached(found.subject[1], None)[1:]
        for other, theirs in faulty:
            proved = [f for f in theirs.findings if f.verified]
            if other is not found and proved and plain(other.subject[1]) in called:
                report.findings = proved
                break


def _pairs_at_fault(results: Sequence[Result]) -> Iterator[tuple[Found, Report]]:
    for found, report in results:
        pair = isinstance(found.subject, tuple) and len(found.subject) == 2
        if pair and not isinstance(report, str) and not report.ok:
            yield found, report
