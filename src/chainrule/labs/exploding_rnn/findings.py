"""What was measured: of each network, before, while and after it learned."""

from __future__ import annotations

import math
from dataclasses import dataclass

from chainrule.look import GradientFlow
from chainrule.look.flow import TimeFlow

from .network import Variant
from .options import Options
from .task import ANSWERS

LEARNED = 0.9  # who gets more of the answers right than this has learned
CHANCE = 1 / ANSWERS


@dataclass(frozen=True)
class Run:
    """One network's life."""

    variant: Variant
    before: GradientFlow
    after: GradientFlow
    loss: list[float]  # of each step's fresh batch; shorter than asked for, if it became infinite or NaN
    norm: list[float]  # of each step's gradient, before it was clipped
    accuracy: float  # on fresh sequences, in the end

    @property
    def learned(self) -> bool:
        return self.accuracy > LEARNED

    @property
    def bottom(self) -> TimeFlow:
        """The first recurrent layer's state before training: it is the farthest from the loss."""
        assert self.before.time is not None
        return self.before.time

    @property
    def rate(self) -> float:
        """What one step back multiplies the state's gradient by; NaN if there was none to be measured."""
        return math.nan if self.bottom.growth is None else self.bottom.growth.rate

    @property
    def left(self) -> float:
        """Measured, not fitted: the gradient at the first symbol, as a share of that at the last."""
        first, last = self.bottom.norms[0], self.bottom.norms[-1]
        return first / last if last else math.nan

    @property
    def radius(self) -> float:
        """The largest spectral radius among the recurrent weights."""
        return max(matrix.radius for matrix in self.before.recurrent)

    def share_clipped(self, limit: float) -> float:
        """In how many of the steps the gradient was longer than that."""
        return sum(norm > limit for norm in self.norm) / len(self.norm)


@dataclass(frozen=True)
class Findings:
    options: Options
    runs: list[Run]  # in the order of `variants`

    def named(self, begins_like: str, clipped: bool = True) -> Run:
        return next(
            run
            for run in self.runs
            if (run.variant.begins_like, run.variant.clipped) == (begins_like, clipped)
        )

    @property
    def ways_to_begin(self) -> list[Run]:
        """One run for each way to begin: clipping changes nothing before training."""
        return list({run.variant.begins_like: run for run in reversed(self.runs)}.values())[::-1]
