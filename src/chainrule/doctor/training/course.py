"""The watched run: some steps as the user would take them, with what happened at each."""

from __future__ import annotations

import math
import time
import warnings
from dataclasses import dataclass, field

import numpy as np

from ..snapshot import Snapshot
from .trainee import Trainee


@dataclass
class Course:
    """What some steps did. ratios[name][t]: |step| / |weight|; moved: which elements ever moved."""

    losses: list[float] = field(default_factory=list)
    ratios: dict[str, list[float]] = field(default_factory=dict)
    changes: dict[str, list[float]] = field(default_factory=dict)  # |step|
    moved: dict[str, np.ndarray] = field(default_factory=dict)
    start: dict[str, np.ndarray] = field(default_factory=dict)
    last: dict[str, np.ndarray] = field(default_factory=dict)
    warned: list[tuple[str, str, int]] = field(default_factory=list)  # NumPy's warnings: what, file, line
    error: Exception | None = None
    failed_at: int = -1  # the step that raised or whose loss was NaN
    end: Snapshot | None = None
    seconds: float = 0.0

    @property
    def finite(self) -> bool:
        return self.failed_at < 0

    @property
    def first_loss(self) -> float:
        return self.losses[0] if self.losses else math.nan

    def mean_loss(self, share: float = 0.2) -> float:
        """Over the last steps."""
        count = max(1, int(len(self.losses) * share))
        return float(np.mean(self.losses[-count:])) if self.losses else math.nan

    def fall(self, steps_per_epoch: int = 1) -> float:
        """By which share of the first loss it fell."""
        early = (
            float(np.mean(self.losses[: max(1, min(steps_per_epoch, len(self.losses) // 4))]))
            if self.losses
            else math.nan
        )
        return (early - self.mean_loss()) / abs(early) if early else 0.0


def run_course(
    trainee: Trainee, steps: int, *, rate: float | None = None, keep: bool = True, seconds: float = 20.0
) -> Course:
    """Trains from the remembered state; leaves the trained state, and returns what happened."""
    trainee.restore()
    course = Course()
    weights = [*trainee.weights, *trainee.unmoved]
    course.start = {w.name: w.read() for w in weights}
    course.moved = {w.name: np.zeros(np.shape(w.get()), dtype=bool) for w in weights}
    course.ratios = {w.name: [] for w in weights}
    course.changes = {w.name: [] for w in weights}
    before = dict(course.start)
    begin = time.perf_counter()
    with (
        warnings.catch_warnings(record=True) as caught,
        np.errstate(divide="warn", over="warn", invalid="warn", under="ignore"),
    ):
        warnings.simplefilter("always")
        for t in range(steps):
            trainee.draw = t
            x, target = trainee.batch(t)
            try:
                loss = trainee.step(x, target, rate=rate)
            except Exception as error:
                course.error, course.failed_at = error, t
                break
            course.losses.append(loss)
            now = {w.name: w.read() for w in weights}
            for name, value in now.items():
                if value.shape != before[name].shape:
                    continue
                change = value - before[name]
                course.moved[name] |= change != 0
                size, length = float(np.linalg.norm(before[name])), float(np.linalg.norm(change))
                course.changes[name].append(length)
                course.ratios[name].append(length / size if size else math.nan)
            before = now
            broken = not all(np.all(np.isfinite(v)) for v in now.values())
            if math.isinf(loss) or (math.isnan(loss) and not trainee.silent) or broken:
                course.failed_at = t
                break
            if time.perf_counter() - begin > seconds:
                break
    course.warned = [
        (str(w.message), w.filename, w.lineno) for w in caught if issubclass(w.category, RuntimeWarning)
    ]
    course.last = before
    course.seconds = time.perf_counter() - begin
    trainee.draw = 0
    if keep:
        course.end = trainee.remember()
    return course
