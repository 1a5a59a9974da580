"""How long an experiment may search. Only time in which this program computes counts, so that a busy machine
changes no verdict."""

from __future__ import annotations

import time


class Allowance:
    """Seconds of computing, counted from now."""

    def __init__(self, seconds: float) -> None:
        self._end = time.thread_time() + seconds

    def spent(self) -> bool:
        return time.thread_time() > self._end

    def shorten(self, seconds: float) -> None:
        """From now on, no more than this."""
        self._end = min(self._end, time.thread_time() + seconds)
