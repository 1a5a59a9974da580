"""The watch in chainrule's own loop: fit(..., callbacks=[WatchCallback(model)]).

It has the methods of the loop's callbacks and derives from nothing: this floor knows none of ours.
"""

from __future__ import annotations

from typing import Any

from ..report import Report
from .watch import TrainingWatch


class WatchCallback:
    """Watches a run for faults of section F, at a few per cent of its time. `report()` says what was seen."""

    def __init__(self, model: Any, *, every: int | None = None, watch: TrainingWatch | None = None) -> None:
        self.watch = watch or TrainingWatch(model, every=every)

    def on_start(self, progress: Any, epochs: int, steps_per_epoch: int) -> None:
        self.watch.sampler.pause()

    def on_step(self, progress: Any, result: Any) -> None:
        mean = result.loss / result.count
        self.watch.step(loss=mean, prediction=result.prediction, accuracy=progress.accuracy)

    def on_epoch(self, record: Any) -> None: ...

    def on_end(self) -> None: ...

    def report(self) -> Report:
        """What was seen so far."""
        return self.watch.report()
