"""Which steps of forward act element by element and bend: what goes in, what comes out, and the slope there.

They are found by moving: every value in turn is moved everywhere at once, and every later value of its shape
is watched. Where a movement by random amounts does what the slopes predict, no element hears of another;
where the slopes are others at another value, it is an activation, and not a product with something fixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..allowance import Allowance
from ..case import Case, close
from ..errors import SubjectError
from .adjoints import Intermediates
from .sites import Key, Site
from .taps import focused

FAR = 1.0  # of its own size: how far a value is moved to see whether the slopes change


@dataclass
class Slope:
    """d (value at `end`) / d (value at `start`), element by element."""

    start: Key
    end: Key
    values: np.ndarray
    bends: bool


class Slopes:
    """All elementwise steps of forward between values of one shape, once for each shape: those that can be
    measured in so many seconds.
    """

    def __init__(self, case: Case, forward: Intermediates, seconds: float) -> None:
        self.case, self.forward, self.allowance = case, forward, Allowance(seconds)
        self._known: dict[tuple[int, ...], list[Slope]] = {}

    def between(self, shape: tuple[int, ...]) -> list[Slope]:
        if shape not in self._known:
            with self.forward.running():
                keys = [k for k in self.forward.order if self.forward.values[k].shape == shape]
                self._known[shape] = []
                for n, key in enumerate(keys):
                    if not self.allowance.spent():
                        self._known[shape] += self._from(key, keys[n + 1 :])
        return self._known[shape]

    def _from(self, start: Key, ends: list[Key]) -> list[Slope]:
        value = self.forward.values[start]
        size = float(np.sqrt(np.mean(value**2))) if np.all(np.isfinite(value)) else 0.0
        if not ends or not size:
            return []
        rng = np.random.default_rng([37, 8_191])
        random, away = rng.uniform(0.5, 1.5, size=value.shape), FAR * size * rng.normal(size=value.shape)
        h = 1e-5 * size
        here = self._moved(start, np.full(value.shape, h))
        mixed = self._moved(start, h * random)
        there = self._moved(start, np.full(value.shape, h), away)
        if not there:  # it must keep its sign, or stay below 1
            there = self._moved(start, np.full(value.shape, h), value * rng.uniform(-0.7, -0.1, value.shape))
        found = []
        for end in ends:
            if not all(end in moved for moved in (here, mixed, there)):
                continue
            slope, predicted = here[end] / h, here[end] * random
            if not np.any(slope) or not close(predicted, mixed[end], tolerance=1e-5):
                continue
            found.append(Slope(start, end, slope, not close(slope, there[end] / h, tolerance=1e-3)))
        return found

    def _moved(self, start: Key, by: np.ndarray, away: Any = 0.0) -> dict[Key, np.ndarray]:
        """By how much the values of this shape change with one, half of a movement to both sides."""
        up, down = self._values(start, away + by), self._values(start, away - by)
        return {k: (up[k] - down[k]) / 2 for k in up.keys() & down.keys()}

    def _values(self, start: Key, change: np.ndarray) -> dict[Key, np.ndarray]:
        seen: dict[Key, np.ndarray] = {}

        def action(site: Site, execution: int, value: Any) -> Any:
            if (site.id, execution) == start and np.shape(value) == change.shape:
                value = value + change
            if isinstance(value, np.ndarray) and value.shape == change.shape:
                seen[site.id, execution] = value.copy()
            return value

        taps = self.forward.taps
        taps.begin(action)
        try:
            with focused(k[0] for k in self.forward.order if self.forward.values[k].shape == change.shape):
                self.case.probe.outputs()
        except SubjectError:  # forward does not take such a value
            return {}
        finally:
            taps.begin(None)
        return seen
