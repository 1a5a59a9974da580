"""What was measured: what exchanged symbols do, and what is learned, within the trained length and beyond."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.functions.arrays import Array

from ..lessons import Lesson
from .network import Way
from .options import Options


@dataclass(frozen=True)
class Run:
    """One network."""

    way: Way
    shuffled: (
        float  # before training: outputs of shuffled ids, against shuffled outputs; 0, they are the same
    )
    exchanged: float  # and the last position's output, when two ids before it have been exchanged
    lesson: Lesson  # tested at the trained length
    guess: float  # accuracy of the commonest other symbol that a position sees, there
    by_position: Array  # (time,): accuracy in the longest sequences, NaN where nothing is asked

    def between(self, begin: int, end: int) -> float:
        """Accuracy in the longest sequences, at positions from begin up to end."""
        return float(np.nanmean(self.by_position[begin:end]))


@dataclass(frozen=True)
class Findings:
    options: Options
    runs: list[Run]

    def run(self, key: str) -> Run:
        return next(run for run in self.runs if run.way.key == key)

    def beyond(self, run: Run) -> float:
        """Accuracy behind the trained length; NaN if no test was longer."""
        options = self.options
        return run.between(options.length, options.longest) if options.longer > 1 else float("nan")
