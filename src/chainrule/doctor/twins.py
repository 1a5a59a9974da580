"""Layers of one class run the same lines: one of these lines is at fault once, not once for each layer."""

from __future__ import annotations

from .case import Case
from .errors import SubjectError
from .probe import Probe
from .report import Finding
from .subject import Subject


class Twin:
    """A layer in which faults were found; another one of its class has the same where the same is wrong."""

    def __init__(self, face: Subject, path: str, found: list[Finding], seed: int) -> None:
        self.path, self.found = path, found
        self.wrong = wrong_in(face, seed)

    def is_like(self, face: Subject, seed: int) -> bool:
        """Whether the same gradients are wrong there: the same lines are, then."""
        return self.wrong is not None and wrong_in(face, seed) == self.wrong

    def also_at(self, path: str) -> None:
        for finding in self.found:
            finding.also.append(path + finding.where.removeprefix(self.path))


def wrong_in(face: Subject, seed: int) -> set[str] | None:
    """The wrong gradients of one layer; None where its code fails."""
    try:
        probe = Probe(face, seed=seed)
    except SubjectError:
        return None
    try:
        case = Case(probe)
        return None if case.error is not None else set(case.doubtful)
    except SubjectError:
        return None
    finally:
        probe.close()


def one_per_line(findings: list[Finding]) -> list[Finding]:
    """One finding for each faulty line: the layers of other models that run it are added to the first."""
    kept: list[Finding] = []
    for finding in findings:
        twin = next((k for k in kept if finding.where and k.where and _same_line(k, finding)), None)
        if twin is None:
            kept.append(finding)
        else:
            twin.also += [p for p in (finding.where, *finding.also) if p not in (twin.where, *twin.also)]
    return kept


def _same_line(a: Finding, b: Finding) -> bool:
    return a.line > 0 and (a.code, a.file, a.line, a.targets) == (b.code, b.file, b.line, b.targets)
