"""How long an experiment may search."""

from __future__ import annotations

from .effort import done


class Allowance:
    """Seconds of work, counted from now (see `effort`)."""

    def __init__(self, seconds: float) -> None:
        self._end = done() + seconds

    def spent(self) -> bool:
        return done() > self._end

    def shorten(self, seconds: float) -> None:
        """From now on, no more than this."""
        self._end = min(self._end, done() + seconds)

    def part(self, seconds: float) -> Allowance:
        """A smaller one inside of it."""
        part = Allowance(seconds)
        part._end = min(part._end, self._end)
        return part
