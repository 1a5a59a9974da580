"""What a statement of backward does to the gradients: what would it have to give for all of them to be right?

Backward is linear in what a statement gives: moved number by number, it shows how every gradient moves. If no
movement takes the wrong gradients to the numerical ones, the fault is not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..case import Case
from ..probe import Arrays
from .adjoints import BackwardTrace
from .sites import Site
from .taps import focused

Key = tuple[int, int]  # site and execution
MOST = 64  # numbers of a statement, all its executions together


@dataclass
class Influence:
    """By how much all gradients move with each number of a statement, and by how much they have to."""

    moves: np.ndarray  # (numbers of the gradients, numbers of the statement)
    wanted: np.ndarray

    @property
    def suffices(self) -> bool:
        """Whether the statement can put everything right."""
        change = np.linalg.lstsq(self.moves, self.wanted, rcond=1e-10)[0]
        return self.fits(change)

    def fits(self, change: np.ndarray) -> bool:
        """Whether with this change of what the statement gives all gradients are right."""
        left = self.moves @ change.ravel() - self.wanted
        return bool(np.abs(left).max(initial=0) <= 1e-5 * np.abs(self.wanted).max(initial=0))


def influence(case: Case, trace: BackwardTrace, values: dict[Key, np.ndarray]) -> Influence | None:
    """Of one statement, with its values by execution; None where that cannot be told."""
    if sum(v.size for v in values.values()) > MOST or case.misshapen:
        return None
    names = [*case.wrong, *case.right]
    if not all(case.numeric.smooth(n).all() for n in case.wrong):
        return None
    wanted = [(case.n(n) - case.a(n)).ravel() if n in case.wrong else np.zeros(case.a(n).size) for n in names]
    columns = []
    for key, value in values.items():
        for i in range(value.size):
            changed = value.copy()
            changed.flat[i] += 1.0
            gradients = overruled(case, trace, key[0], {key[1]: changed})
            if gradients is None or any(
                not isinstance(gradients.get(n), np.ndarray) or gradients[n].shape != case.a(n).shape
                for n in names
            ):
                return None
            columns.append(np.concatenate([(gradients[n] - case.a(n)).ravel() for n in names]))
    return Influence(np.stack(columns, 1), np.concatenate(wanted))


def overruled(
    case: Case, trace: BackwardTrace, site: int, values: dict[int, np.ndarray], upstream: Arrays | None = None
) -> dict[str, Any] | None:
    """The gradients when a statement gives other values, by execution."""

    def put(where: Site, execution: int, value: Any) -> Any:
        return values[execution].copy() if where.id == site and execution in values else value

    with focused({site}), trace.running():
        return observed(case, trace, put, upstream)


def observed(case: Case, trace: BackwardTrace, action: Any, upstream: Arrays | None) -> dict[str, Any] | None:
    """The gradients of one run, in which `action` sees what backward does, and forward's part does not."""

    def begin(*_: Any) -> None:
        trace.taps.counts, trace.taps.action = {}, action

    trace.taps.action = None
    try:
        return case.again(upstream=upstream, between=begin)
    finally:
        trace.taps.action = None
