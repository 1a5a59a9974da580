"""Eight bugs that cost somebody nights: each is trained, diagnosed, proved, and repaired before your eyes."""

from .tour import describe, run_tour

__all__ = ["describe", "run_tour"]
