"""What discovery hands over."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .limits import reseed


@dataclass
class Found:
    """One thing to check.

    kind: check, class, step, pair, derivative, loss or instance. make: builds the subject, alike each time.
    inputs: for forward. kwargs: further arguments of `chainrule.check` (loss, target, intent, arguments of
    forward). assumed: what was guessed, in plain words. line: where it stands in the file. tries: how many.
    """

    name: str
    kind: str
    make: Callable[[], Any]
    inputs: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    assumed: list[str] = field(default_factory=list)
    line: int = 0
    tries: int = 0
    doubt: float = 0.0  # what does not fit, although it runs
    everything: tuple[Any, ...] = ()  # of a loss: all of its arguments, and not the prediction alone

    @property
    def subject(self) -> Any:
        """A new subject; the global random numbers are left as they were."""
        states = np.random.get_state(), random.getstate()  # noqa: NPY002
        try:
            reseed()
            return self.make()
        finally:
            np.random.set_state(states[0])  # noqa: NPY002
            random.setstate(states[1])


@dataclass
class NotStarted:
    """What could not be run. why: the exceptions met. add: a function for the file that says how. is_slow:
    whether it did not come to an end.
    """

    name: str
    kind: str
    why: list[str]
    add: str
    line: int = 0
    is_slow: bool = False


@dataclass
class Discovered:
    """What a file holds. notes: what went wrong while it was imported. files: all that should be watched."""

    path: Path
    found: list[Found] = field(default_factory=list)
    not_started: list[NotStarted] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)

    def __iter__(self) -> Iterator[Found]:
        return iter(self.found)
