"""`compare_with`: subject and reference at one point, and why they differ."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..allowance import Allowance
from ..case import Case
from ..errors import SubjectError
from ..report import Finding
from .arrays import of_arrays, of_layout
from .blocks import of_blocks
from .constants import of_constants
from .differences import where_they_differ
from .explanation import Explanation
from .factors import of_factors
from .gradients import compare_gradients
from .inside import of_intermediates
from .kinds import Reference
from .making import as_reference
from .meeting import SILENT, Meeting, apart, meetings
from .noise import noise_of
from .outputs import of_output
from .reading import mode_of
from .rewrites import of_source
from .sights import attends

SECONDS = 15.0
# the simplest first; each with the seconds that it gets, and the number of ways to meet that it looks at
_QUESTIONS: tuple[tuple[Callable[[Meeting], Iterator[Explanation]], float, int], ...] = (
    (of_output, 0.8, 6),
    (of_constants, 0.8, 2),
    (of_arrays, 1.0, 3),
    (of_factors, 1.0, 3),
    (of_layout, 0.3, 2),
    (of_source, 1.5, 2),
    (of_blocks, 1.5, 2),
    (of_intermediates, 4.0, 2),
)


def compare_with(case: Case, reference: Any) -> list[Finding]:
    """What differs between the subject and its reference, and why. Empty where they are equal.

    Both run at the probe's point, in float64, the reference with the subject's parameters. What is no fault
    but should be known is added to case.not_tested. Raises NotComparable if the reference does not run.
    """
    try:
        with _without_loss(case):
            return _compared(case, reference)
    finally:
        case.probe.state.restore()


@contextlib.contextmanager
def _without_loss(case: Case) -> Iterator[None]:
    """The model's own outputs: a reference is like the model, not like the model with its loss."""
    subject = case.probe.subject
    kept, subject.loss = subject.loss, None
    try:
        yield
    finally:
        subject.loss = kept


def _compared(case: Case, original: Any) -> list[Finding]:
    reference = as_reference(case, original)
    mode = mode_of(case.probe.subject.owner, case.probe.subject.kwargs)
    if mode is not None:
        reference.in_mode(mode)
    noise = noise_of(case, reference)
    if noise is not None:
        return noise
    met, equal = _meet(case, reference)
    if equal is not None:
        return [*_surplus(case, equal), *compare_gradients(case, equal)]
    other = _in_the_other_mode(case, reference, met[0])
    if other is not None:
        return [other]
    found = _explained(met)
    return [_finding(case, reference, found, met[0])]


def _meet(case: Case, reference: Reference) -> tuple[list[Meeting], Meeting | None]:
    """All ways in which both can be run, and the first in which they are equal."""
    met: list[Meeting] = []
    for meeting in meetings(case, reference):
        if meeting.equal:
            return met, meeting
        met.append(meeting)
    return met, None


def _explained(met: list[Meeting]) -> Explanation | None:
    """The simplest explanation in the most plausible way to meet; a proved one before one that is not."""
    whole = Allowance(SECONDS)
    doubtful: Explanation | None = None
    questions = list(_QUESTIONS)
    if attends(met[0].case):
        # heads are split and merged inside; there are no gates
        questions.sort(key=lambda question: question[0] is of_blocks)
    for ask, seconds, ways in questions:
        for meeting in met[:ways]:
            meeting.allowance = whole.part(seconds)
            try:
                for explanation in ask(meeting):
                    if explanation.verified:
                        return explanation
                    doubtful = doubtful or explanation
            except (SubjectError, ValueError, IndexError, TypeError, ArithmeticError):
                continue  # a change that this code does not bear
    return doubtful


def _finding(case: Case, reference: Reference, found: Explanation | None, meeting: Meeting) -> Finding:
    distance = meeting.distance
    evidence: dict[str, Any] = {"largest difference": distance if np.isfinite(distance) else "other shapes"}
    if found is None:
        words, more = where_they_differ(meeting)
        found = Explanation("reference-mismatch", words, more, verified=False)
    function = case.probe.subject.forward_function
    finding = case.finding(
        found.code,
        [],
        function=function,
        verified=found.verified,
        evidence={**found.evidence, **evidence, "reference": reference.name},
        detail=f"forward differs from the reference {reference.name}; {found.detail}",
        fix=found.fix,
        line=found.line,
    )
    finding.file = found.file or finding.file
    return finding


# ---------------------------------------------------------------- modes, and what is left over


def _in_the_other_mode(case: Case, reference: Reference, meeting: Meeting) -> Finding | None:
    """Batch statistics on one side, running statistics on the other."""
    for training in (False, True):
        if reference.in_mode(training):
            other = meeting.answer({})
            differs = any(apart(v, other[n]) > SILENT for n, v in meeting.target(0).items())
            _, equal = _meet(case, reference) if differs else ([], None)
            reference.in_mode(not training)
            mode, now = ("training", "evaluation") if training else ("evaluation", "training")
            if equal is not None:
                return case.finding(
                    "train-eval-mismatch",
                    function=case.probe.subject.forward_function,
                    verified=True,
                    evidence={"reference": reference.name},
                    detail=f"the subject equals the reference {reference.name} in {mode} mode, but the "
                    f"reference is in {now} mode",
                    fix=f"put both into one mode: training={not training}, or "
                    f"reference.{'train' if training else 'eval'}()",
                )
            return None
    return None


def _surplus(case: Case, meeting: Meeting) -> list[Finding]:
    """Equal, but only with a bias of the reference at 0 that the subject does not have."""
    shapes, links = meeting.reference.shapes, meeting.transfer.links
    missing = [
        n for n in meeting.transfer.empty if not any(_twin(n, m) and shapes[m] == shapes[n] for m in links)
    ]
    if not missing:
        return []
    return [
        case.finding(
            "reference-mismatch",
            function=case.probe.subject.forward_function,
            verified=True,
            evidence={"missing": missing, "reference": meeting.reference.name},
            detail=f"the subject equals the reference {meeting.reference.name} only with the reference's "
            f"{', '.join(missing)} at 0: it has no such parameter",
            fix="add the bias: y = x @ W + b",
        )
    ]


def _twin(name: str, other: str) -> bool:
    """bias_hh beside bias_ih: the one does what the other does."""
    return name != other and name.replace("_hh", "_ih") == other.replace("_hh", "_ih")


__all__ = ["as_reference", "compare_with"]
