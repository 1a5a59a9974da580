"""What watching costs: epochs of the small network on digits with and without the watch, interleaved.

    python benchmarks/doctor/watch_cost.py [rounds]

Prints seconds per step (median over rounds, the order alternates) and their ratio, and the same for a bare
`TrainingWatch` in a loop of one's own.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from chainrule.data import ArrayBatches, load_digits
from chainrule.doctor.training import TrainingWatch
from chainrule.doctor.training.callback import WatchCallback
from chainrule.layers import CrossEntropyLoss, Layer
from chainrule.models import build
from chainrule.training import Adam, fit, train_step

BATCH = 32


class Loop:
    """chainrule's own loop, one epoch per round."""

    def __init__(self, batches: ArrayBatches, watched: bool) -> None:
        self.model: Layer = build("small")
        self.optimizer = Adam(self.model.parameters(), lr=1e-3)
        self.batches = batches
        self.callbacks: list[Any] = [WatchCallback(self.model)] if watched else []

    def __call__(self) -> float:
        start = time.perf_counter()
        fit(self.model, CrossEntropyLoss(), self.optimizer, self.batches, epochs=1, callbacks=self.callbacks)
        return (time.perf_counter() - start) / len(self.batches)


class Foreign(Loop):
    """A loop of one's own that calls watch.step."""

    def __init__(self, batches: ArrayBatches, watched: bool) -> None:
        super().__init__(batches, False)
        self.watch = TrainingWatch(self.model) if watched else None

    def __call__(self) -> float:
        loss = CrossEntropyLoss()
        start = time.perf_counter()
        for x, target in self.batches.epoch(0):
            result = train_step(self.model, loss, self.optimizer, x, target)
            if self.watch is not None:
                self.watch.step(loss=result.loss / result.count, prediction=result.prediction, target=target)
        return (time.perf_counter() - start) / len(self.batches)


def compare(
    kind: Callable[[ArrayBatches, bool], Loop], batches: ArrayBatches, rounds: int
) -> tuple[float, float]:
    """Median seconds per step without and with the watch."""
    sides = kind(batches, False), kind(batches, True)
    times: tuple[list[float], list[float]] = [], []
    for i in range(rounds + 1):
        for side in (0, 1) if i % 2 else (1, 0):
            seconds = sides[side]()
            if i:  # the first round warms up
                times[side].append(seconds)
    return median(times[0]), median(times[1])


def main(rounds: int) -> None:
    train = load_digits().train
    batches = ArrayBatches((train.images - 8) / 8, train.labels, batch_size=BATCH)
    print(
        f"small network on digits, {len(batches)} steps of {BATCH} images per epoch, median of "
        f"{rounds} epochs"
    )
    for name, kind in (("the callback in fit", Loop), ("TrainingWatch in a loop of one's own", Foreign)):
        without, with_watch = compare(kind, batches, rounds)
        print(
            f"{name}: {1e3 * without:.3f} ms per step, watched {1e3 * with_watch:.3f} ms, ratio "
            f"{with_watch / without:.3f}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
