"""What was measured: of each cell, for each length."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.look.growth import Growth

from .cells import Cell
from .options import Options
from .task import BASELINE

SOLVED = BASELINE / 10  # errors below it: both numbers are remembered


@dataclass(frozen=True)
class Run:
    """One cell that learned sequences of one length."""

    cell: Cell
    time: int
    steps: list[int]  # when it was tested; the first is 0; fewer, if it had learned before the end
    errors: list[float]  # mean squared, on the test sequences
    guess: float  # that of always saying 1
    parameters: int
    before: Growth | None  # of the state's gradient per step back, before training
    after: Growth | None  # and in the end

    @property
    def guesses(self) -> bool:
        """In the end it is about as good as one that says 1, or worse."""
        return not self.errors[-1] < 0.9 * self.guess

    @property
    def solved_at(self) -> int | None:
        """The step at which it had learned: since then every test was solved."""
        at = None
        for step, error in zip(reversed(self.steps), reversed(self.errors), strict=True):
            if not error < SOLVED:
                break
            at = step
        return at


@dataclass(frozen=True)
class Findings:
    options: Options
    runs: list[Run]

    def of(self, time: int) -> list[Run]:
        return [run for run in self.runs if run.time == time]
