"""What was measured: gradients and activations before training, and what was learned."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.look.growth import Growth, fit_growth

from ..lessons import Lesson
from .network import Way
from .options import Options


@dataclass(frozen=True)
class Look:
    """One network before training."""

    way: Way
    depth: int
    norms: list[float]  # of the gradient that arrives at the embedding, and at the output of each layer
    differ: list[float]  # how much the positions of a sequence differ there: 0, they are all alike; to 1

    @property
    def growth(self) -> Growth | None:
        """Per layer, from the last one back."""
        return fit_growth(self.norms[::-1])

    @property
    def left(self) -> float:
        """Measured, not fitted: the gradient at the embedding, as a share of that at the last layer."""
        return self.norms[0] / self.norms[-1]


@dataclass(frozen=True)
class Run:
    """One network's training."""

    way: Way
    depth: int
    warm_up: bool
    lesson: Lesson

    @property
    def accuracy(self) -> float:
        """In the end."""
        return self.lesson.accuracy[-1]


@dataclass(frozen=True)
class Findings:
    options: Options
    looks: list[Look]
    runs: list[Run]
    gradient_error: dict[str, float]  # of each way's backward, against differences, relative

    def look(self, key: str, depth: int | None = None) -> Look:
        """Before training; of the deepest network, if no depth is given."""
        depth = self.options.layers[-1] if depth is None else depth
        return next(look for look in self.looks if (look.way.key, look.depth) == (key, depth))

    def run(self, key: str, depth: int, warm_up: bool) -> Run:
        return next(
            run for run in self.runs if (run.way.key, run.depth, run.warm_up) == (key, depth, warm_up)
        )

    def learned_at(self, key: str, warm_up: bool) -> list[int]:
        """The depths at which this way learned."""
        return [depth for depth in self.options.layers if self.run(key, depth, warm_up).lesson.learned]
