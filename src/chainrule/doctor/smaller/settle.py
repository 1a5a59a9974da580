"""At which sizes is a subject examined? At the smallest at which it does what it does at its own.

A few slopes at the full size decide: what is wrong when small has to be wrong there, what is right, right.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import Case
from ..errors import NotASubject, SubjectError
from ..numeric import KINK, scale_of
from ..probe import Arrays, Probe, Run
from ..subject import Subject
from . import Smaller, is_large, smaller

MOST = 4  # wrong gradients that are looked at in full size
NEAR = 1e-4


def settle(
    face: Subject, path: str, intent: frozenset[str], seed: int, given: Any, keep: bool = False
) -> tuple[Case, str]:
    """The case to be examined, and the sizes that were exchanged for it in words, "" for none.

    keep: the sizes are to stay (a reference has the same).
    """
    if not keep and is_large(face):
        full: Full | None = None
        for small in smaller(face, given):
            case = _case(small, path, intent, seed)
            if case is None:
                continue
            full = full or Full(face, seed, given)
            if full.is_like(case):
                return case, str(small)
            case.probe.close()
        if full is not None:
            full.close()
    return Case(Probe(face, seed=seed, given=given), path, intent), ""


def _case(small: Smaller, path: str, intent: frozenset[str], seed: int) -> Case | None:
    try:
        return Case(Probe(small.face, seed=seed, given=small.given), path, intent)
    except (SubjectError, NotASubject):
        return None


class Full:
    """The subject at its own size: one run, and slopes when asked for."""

    def __init__(self, face: Subject, seed: int, given: Any) -> None:
        self.probe: Probe | None = None
        self.run: Run | None = None
        self.error: SubjectError | None = None
        try:
            self.probe = Probe(face, seed=seed, given=given)
            self.error = self.probe.backward_error
            if self.error is None:
                self.run = self.probe.run()
        except SubjectError as error:
            self.error = error
        finally:
            if self.probe is not None:
                self.probe.close()

    def close(self) -> None:
        """Gives the subject back as it was found."""
        if self.probe is not None:
            self.probe.close()

    def is_like(self, case: Case) -> bool:
        """Whether a smaller one fails in the same way, with the same right and wrong gradients."""
        if case.error is not None or self.error is not None or self.run is None or self.probe is None:
            return self._fails_alike(case.error)
        if self.probe.names != case.probe.names or self._odd(case) != (case.absent, case.misshapen):
            return False
        try:
            wrong = case.wrong[:MOST]
            return all(self._agrees([n]) is not True for n in wrong) and (
                not case.right or self._agrees(case.right) is not False
            )
        finally:
            self.probe.close()

    def _fails_alike(self, error: SubjectError | None) -> bool:
        if error is None or self.error is None:
            return False
        return (error.phase, type(error.error)) == (self.error.phase, type(self.error.error))

    def _odd(self, case: Case) -> tuple[list[str], list[str]]:
        """The gradients that are not there, and those of another shape."""
        assert self.run is not None
        assert self.probe is not None
        found = {n: self.run.gradients.get(n) for n in case.probe.names}
        absent = [n for n, g in found.items() if not isinstance(g, np.ndarray)]
        shapes = {n: self.probe.value(n).shape for n in found}
        odd = [n for n, g in found.items() if isinstance(g, np.ndarray) and g.shape != shapes[n]]
        return absent, odd

    def _agrees(self, names: list[str]) -> bool | None:
        """Whether gradients equal the slope along a random direction, all moved at once; None where a kink
        keeps that from being told.
        """
        assert self.run is not None
        assert self.probe is not None
        probe, run = self.probe, self.run
        rng = np.random.default_rng([43, 8_191])
        values = {n: probe.value(n) for n in names}
        ways = {n: rng.normal(size=v.shape) * max(1e-3, scale_of(v)) for n, v in values.items()}

        def at(h: float) -> float:
            moved: Arrays = {n: v + h * ways[n] for n, v in values.items()}
            return probe.scalar(moved)

        h = 1e-6  # few of the many numbers pass a kink
        near = (at(h) - at(-h)) / (2 * h)
        slope = (8 * near - (at(2 * h) - at(-2 * h)) / (2 * h)) / 6
        told = float(sum(np.vdot(run.gradients[n], w) for n, w in ways.items()))
        size = sum(float(np.linalg.norm(run.gradients[n] * w)) for n, w in ways.items()) + abs(slope)
        if abs(slope - told) <= NEAR * size:
            return True
        return None if abs(near - slope) > KINK * (abs(near) + abs(slope)) else False
