"""What a statement of backward does to the gradients: what would it have to give for all of them to be right?

Backward is linear in what a statement gives: moved number by number, it shows how every gradient moves. If no
movement takes the wrong gradients to the numerical ones, the fault is not here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..case import Case
from .adjoints import BackwardTrace
from .sites import Key

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
            with trace.running():
                gradients = trace.overruled(key[0], {key[1]: changed})
            if gradients is None or any(
                not isinstance(gradients.get(n), np.ndarray) or gradients[n].shape != case.a(n).shape
                for n in names
            ):
                return None
            columns.append(np.concatenate([(gradients[n] - case.a(n)).ravel() for n in names]))
    return Influence(np.stack(columns, 1), np.concatenate(wanted))
