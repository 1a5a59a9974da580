"""Random numbers on one side or on both: then there is little to compare."""

from __future__ import annotations

import numpy as np

from ..case import Case
from ..report import Finding
from .kinds import Reference
from .meeting import meetings


def noise_of(case: Case, reference: Reference) -> list[Finding] | None:
    """Findings where random numbers make a comparison impossible; None where there are none."""
    if not _draws(case, reference):
        return [_random(case, reference)] if _subject_draws(case) else None
    if _subject_draws(case):
        case.not_tested.append(
            f"like {reference.name}: both draw random numbers; compare them with training=False and "
            "reference.eval()"
        )
        return []
    if reference.in_mode(False) and not _draws(case, reference):
        case.not_tested.append(
            f"like {reference.name}: it drops at random, and is compared in evaluation mode"
        )
        return None
    case.not_tested.append(
        f"like {reference.name}: it draws random numbers, so there is nothing to compare with"
    )
    return []


def _draws(case: Case, reference: Reference) -> bool:
    """Whether the reference gives two answers to one question."""
    try:
        meeting = next(iter(meetings(case, reference)))
    except StopIteration:
        return False
    first, second = (meeting.answer({}, seed) for seed in (1, 2))
    return any(not np.array_equal(first[n], second[n], equal_nan=True) for n in first)


def _subject_draws(case: Case) -> bool:
    probe = case.probe
    first = probe.outputs()
    kept = probe.state.restore

    def advanced() -> None:
        kept()
        probe.state.advance_random()

    try:
        probe.state.restore = advanced  # type: ignore[method-assign]
        second = probe.outputs()
    finally:
        probe.state.restore = kept  # type: ignore[method-assign]
    return any(not np.array_equal(first[n], second[n], equal_nan=True) for n in first)


def _random(case: Case, reference: Reference) -> Finding:
    return case.finding(
        "reference-mismatch",
        function=case.probe.subject.forward_function,
        verified=True,
        evidence={"reference": reference.name},
        detail="the subject draws random numbers (two calls on the same input differ), the reference "
        f"{reference.name} does not: "
        "dropout is active in one of them",
        fix="compare with training=False",
    )
