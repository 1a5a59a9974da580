"""What is told of a report, before it becomes text or HTML: each finding in the order in which one wants to
know it, and no more than `hints` allows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from .catalogue import CATALOGUE
from .excerpt import Excerpt, excerpt
from .report import Finding, Report

NAMES = 8  # so many gradients are listed
NOT_TESTED = 8
EVIDENCE = 6
TRAIL = 4
FIX = 12


@dataclass(frozen=True)
class Told:
    """One finding in words. Empty where nothing is known, or nothing may be told."""

    number: str  # "[1/3]" where there are several
    proved: bool
    cause: str
    place: str
    detail: str = ""
    evidence: list[tuple[str, str]] = field(default_factory=list)
    candidates: list[str] = field(default_factory=list)
    source: Excerpt | None = None
    trail: list[str] = field(default_factory=list)
    fix: list[str] = field(default_factory=list)
    hint: str = ""


def tell(report: Report) -> list[Told]:
    """The findings, most certain first."""
    findings = sorted(report.findings, key=lambda f: (f.harmless, not f.verified))
    if report.hints == "place":
        # two causes at one place are one place
        findings = list({(f.place, f.file, f.line): f for f in reversed(findings)}.values())[::-1]
    several = len(findings) > 1
    found: list[Told] = []
    for i, finding in enumerate(findings, start=1):
        told = _told(finding, report.hints, f"[{i}/{len(findings)}]" if several else "")
        if any(told.source == other.source for other in found) and told.source is not None:
            told = replace(told, source=replace(told.source, lines=[]))  # shown already
        found.append(told)
    return found


def _told(finding: Finding, hints: str, number: str) -> Told:
    source = excerpt(finding.file, finding.line, finding.trail)
    if hints == "place":
        return Told(number, True, "something is wrong here", finding.place, source=source)
    candidates = [_candidate(c) for c in _listed(finding.evidence.get("candidates"))]
    return Told(
        number,
        finding.verified,
        CATALOGUE[finding.code].cause,
        finding.place,
        finding.detail,
        _evidence(finding),
        candidates,
        source,
        finding.trail[-TRAIL:],
        _lines(finding.fix) if hints == "fix" else [],
        finding.hint,
    )


def summary(report: Report) -> str:
    """One line: what was checked, and how long it took."""
    took = f"{report.seconds:.1f} s"
    if not report.ok:
        count = len(tell(report))
        right = f"; right: {report.tested_are} {_first(report.tested)}" if report.tested else ""
        also = f"; wrong, too: {_first(report.also_wrong)} (check again after the repair)"
        return (
            f"{count} finding{'s' if count > 1 else ''} in {took}{right}{also if report.also_wrong else ''}"
        )
    if not report.tested:
        nothing = "nothing to check yet" if report.not_yet else "no fault found"
        return f"{nothing}: {report.name}, {took}"
    return f"no fault found: {report.tested_are} {_first(report.tested)} checked in {took}"


def not_tested(report: Report) -> list[str]:
    left = len(report.not_tested) - NOT_TESTED
    more = [f"and {left} more (report.not_tested)"] if left > 0 else []
    return [*report.not_tested[:NOT_TESTED], *more]


def _first(names: list[str]) -> str:
    left = len(names) - NAMES
    return ", ".join(names[:NAMES]) + (f" and {left} more" if left > 0 else "")


# ---------------------------------------------------------------- evidence


def _evidence(finding: Finding) -> list[tuple[str, str]]:
    """Names and values, without what the sentence before has said already."""
    pairs = [(name, value(v)) for name, v in finding.evidence.items() if name != "candidates"]
    return [(name, text) for name, text in pairs if text and not _says(finding.detail, text)][:EVIDENCE]


def _says(sentence: str, text: str) -> bool:
    if text.endswith("…"):
        return text[:-1] in sentence
    return re.search(rf"(?<![\w.]){re.escape(text)}(?![\w.]*\w)", sentence) is not None


def value(v: Any, room: int = 60) -> str:
    """A number, a shape, a name, or a few of them, in at most `room` characters."""
    if hasattr(v, "tolist"):
        v = v.tolist()
    if isinstance(v, bool):
        text = "yes" if v else "no"
    elif isinstance(v, float):
        text = f"{v:.4g}"
    elif isinstance(v, tuple):
        text = f"({', '.join(value(x) for x in v)}{',' if len(v) == 1 else ''})"
    elif isinstance(v, dict):
        text = ", ".join(f"{k}: {value(x)}" for k, x in v.items())
    elif isinstance(v, Iterable) and not isinstance(v, str):
        text = ", ".join(value(x) for x in v)
    else:
        text = "" if v is None else " ".join(str(v).split())
    return text if len(text) <= room else f"{text[: room - 1]}…"


def _listed(candidates: Any) -> list[Any]:
    """Codes, (code, number) pairs, or a dict of them."""
    if isinstance(candidates, dict):
        return list(candidates.items())[:3]
    return [candidates] if isinstance(candidates, str) else list(candidates or ())[:3]


def _candidate(candidate: Any) -> str:
    code, *figures = candidate if isinstance(candidate, tuple | list) else (candidate,)
    known = CATALOGUE.get(str(code))
    text = f"{code}: {known.cause}" if known else str(code)
    return f"{text} ({', '.join(value(f) for f in figures)})" if figures else text


def _lines(fix: str) -> list[str]:
    """The repair without the head of a diff, and not endless."""
    if not fix.strip():
        return []
    lines = [line.rstrip().expandtabs(4) for line in fix.strip("\n").split("\n")]
    lines = [line for line in lines if not line.startswith(("--- ", "+++ "))]
    left = len(lines) - FIX
    return lines if left <= 0 else [*lines[:FIX], f"... {left} more line{'s' if left > 1 else ''}"]


def is_diff(lines: list[str]) -> bool:
    """Whether a repair is a unified diff."""
    return any(line.startswith("@@") for line in lines) or (
        any(line.startswith("-") for line in lines) and any(line.startswith("+") for line in lines)
    )


def as_line(report: Report) -> str:
    """The report in one line that pytest shows uncut: it cuts at 240 characters."""
    told = tell(report)
    if not told:
        return f"<Report of {report.name}: {summary(report)}>"
    first = told[0]
    doubt = "" if first.proved or "proved" in first.cause else " (not proved)"
    place = f": {first.place}" if first.place else ""
    source = first.source
    where = f", {source.file.replace(chr(92), '/').rpartition('/')[2]} line {source.line}" if source else ""
    more = f"; and {len(told) - 1} more" if len(told) > 1 else ""
    return f"<Report: {value(f'{first.cause}{doubt}{place}{where}', 200)}{more}>"
