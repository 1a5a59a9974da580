"""The finished hypotheses of one beam search, and whether an unfinished one can still come among the best."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.functions.arrays import Array

from .hypothesis import Hypothesis, Penalty

if TYPE_CHECKING:
    from chainrule.functions.arrays import Float, Int


class Finished:
    def __init__(self, n: int, penalize: Penalty, longest: int, enough: int | None) -> None:
        """n: how many are wanted. longest: the greatest length, end symbol included. enough: with so many
        finished, no other is waited for.
        """
        self.n, self.penalize, self.longest, self.enough = n, penalize, longest, enough
        self.hypotheses: list[Hypothesis] = []

    def add(self, total: float, ids: Int[Array, " time"], log_p: Float[Array, " time+1"]) -> None:
        self.hypotheses.append(Hypothesis(ids, total / self.penalize(len(log_p)), log_p))

    def best(self) -> list[Hypothesis]:
        """The n best; of equal ones, that which was finished first."""
        return sorted(self.hypotheses, key=lambda hypothesis: -hypothesis.score)[: self.n]

    def is_final(self, total: float) -> bool:
        """Whether `best` stays what it is, where `total` is the largest sum of an unfinished hypothesis."""
        if self.enough is not None and len(self.hypotheses) >= self.enough:
            return True
        if len(self.hypotheses) < self.n:
            return False
        return float(total) / self.penalize(self.longest) <= self.best()[-1].score
