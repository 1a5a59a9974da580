"""What was measured: by the formula's assumptions, and of networks that learn."""

from __future__ import annotations

from dataclasses import dataclass

from ..lessons import Lesson
from .options import Options
from .softmax import Choice


@dataclass(frozen=True)
class Run:
    """One network."""

    d_k: int
    scaled: bool  # by 1 / √d_k
    spread: float  # of the scores, before training
    spread_after: float  # and after it
    lesson: Lesson


@dataclass(frozen=True)
class Findings:
    options: Options
    choices: dict[bool, list[Choice]]  # with 1 / √d_k and without, by d_k
    runs: list[Run]

    def run(self, d_k: int, scaled: bool) -> Run:
        return next(run for run in self.runs if (run.d_k, run.scaled) == (d_k, scaled))
