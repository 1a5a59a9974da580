"""Spending little: a watcher that looks at every step at first, then as rarely as its cost demands."""

from __future__ import annotations

import time

SHARE = 0.02  # of the time between two steps: well under a twentieth
WARM_UP = 3
FIRST, SOON = 8, 60  # so many looks come at most so many steps apart: a few are needed to say anything


class Sampler:
    """Says at which steps to look. Measures what looking costs and how long a step takes.

    every: look at every n-th step, whatever it costs. None: so rarely that the cost stays under `share`,
    once the first few looks are done.
    """

    def __init__(self, every: int | None = None, share: float = SHARE) -> None:
        self.every, self.share = every, share
        self.step = 0
        self.next = 0
        self.cost = 0.0  # seconds per look, averaged
        self.pace = 0.0  # seconds per step, without looking
        self._last = 0.0
        self.looked = False
        self._looks = 0

    def due(self) -> bool:
        """Whether to look now; call it once per step."""
        now = time.perf_counter()
        if self._last and not self.looked:
            passed = now - self._last
            self.pace = passed if not self.pace else 0.9 * self.pace + 0.1 * passed
        self._last = now
        due = self.step >= self.next
        self.step += 1
        self.looked = due
        return due

    def pause(self) -> None:
        """Between two runs: the time that passes now belongs to no step."""
        self._last = 0.0

    def resume(self) -> None:
        """Looking is over for this step: the next one begins."""
        self._last = time.perf_counter()

    def spent(self, seconds: float) -> None:
        """After looking: plans the next time."""
        self.cost = seconds if not self.cost else 0.5 * self.cost + 0.5 * seconds
        if self.every is not None:
            gap = self.every
        elif self.step < WARM_UP:
            gap = 2  # a step without looking lies between, so that its pace is known
        else:
            gap = max(1, int(self.cost / (self.share * self.pace)) + 1) if self.pace else 10
        self._looks += 1
        if self._looks < FIRST and self.every is None:
            gap = min(gap, SOON)
        self.next = self.step - 1 + gap
        self.resume()
