"""The labs' training on sequences that are drawn afresh in every step, until all is learned."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chainrule.data.batches import IGNORED
from chainrule.functions.arrays import Array
from chainrule.layers import CrossEntropyLoss, Layer
from chainrule.training import Optimizer, train_step
from chainrule.training.schedules import Schedule

from .lab import Watch

TEST_EVERY, ENOUGH = 25, 0.99  # steps; so much is right, and it need not train on
LEARNED = 0.9  # who gets more of the symbols right than this has learned


@dataclass(frozen=True)
class Lesson:
    """What became of one network."""

    loss: list[float]  # of each step's batch; fewer than asked for if all was learned, or a loss became NaN
    steps: list[int]  # when it was tested; the first is 0
    accuracy: list[float]  # then, on fresh sequences

    @property
    def learned(self) -> bool:
        return self.accuracy[-1] > LEARNED

    @property
    def learned_at(self) -> int | None:
        """The step since which every test was passed."""
        at = None
        for step, accuracy in zip(reversed(self.steps), reversed(self.accuracy), strict=True):
            if not accuracy > LEARNED:
                break
            at = step
        return at


def learn(
    model: Layer,
    optimizer: Optimizer,
    draw: Callable[[], tuple[Any, Array]],
    tested: tuple[Any, Array],
    steps: int,
    watch: Watch,
    doing: str,
    schedule: Schedule | None = None,
    enough: float = ENOUGH,
) -> Lesson:
    """Trains for so many steps, or until so much is right.

    draw: gives the next batch, (x, answers (batch, time)); tested: another one, to test with. The watch is
    told of all steps, even of those that were not needed.
    """
    loss = CrossEntropyLoss(axis=-1)
    losses: list[float] = []
    lesson = Lesson(losses, [0], [accuracy(model, *tested)])
    for step in range(steps):
        batch = draw()
        if lesson.accuracy[-1] < enough and (not losses or math.isfinite(losses[-1])):
            if schedule is not None:
                optimizer.lr = schedule(step)
            result = train_step(model, loss, optimizer, *batch)
            losses.append(result.loss / result.count)
            if (step + 1) % TEST_EVERY == 0 or step + 1 == steps:
                lesson.steps.append(step + 1)
                lesson.accuracy.append(accuracy(model, *tested))
        watch.advance(doing)
    return lesson


def accuracy(model: Layer, x: Any, answers: Array) -> float:
    """Which share of the answers is right."""
    asked = answers != IGNORED
    return float((model(x).argmax(-1) == answers)[asked].mean())
