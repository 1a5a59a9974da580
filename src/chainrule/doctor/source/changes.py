"""At which line of backward does something change that it should leave alone?

Backward runs under Python's trace hook; after each line of the user's own functions, what is watched is
compared with what it was.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

from ..case import Case
from ..objects import backward_of
from ..probe import Probe
from ..structure import copied
from ..subject import Subject
from .reach import reached

Place = tuple[str, int]  # file, line
MOST = 200_000  # numbers that are watched: each line copies them


def first_change(
    case: Case, function: Any, read: Callable[[], list[Any]], undo: Callable[[], None] | None = None
) -> tuple[Place | None, dict[str, Any] | None]:
    """The line of a function (forward or backward) that changes what `read` gives, and that run's gradients.

    undo: called right after that line, to ask what would be without it.
    """
    subject = case.probe.subject
    codes = {f.__code__ for f in reached(function, subject.owner, abroad=True)}
    watcher = _Watcher(codes, read, undo)
    before = sys.gettrace()

    def begin(*_: Any) -> None:
        if sum(np.size(v) for v in read()) <= MOST:
            sys.settrace(watcher)

    try:
        if function == subject.forward_function:
            begin()
        gradients = case.again(between=begin)
    finally:
        sys.settrace(before)
    return watcher.place, gradients


class _Watcher:
    def __init__(self, codes: set[Any], read: Callable[[], list[Any]], undo: Any) -> None:
        self.codes, self.read, self.undo = codes, read, undo
        self.known: list[Any] | None = None  # from the first line of backward on
        self.place: Place | None = None
        self._lines: dict[int, int] = {}

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code not in self.codes and not self._of_a_layer(frame):
            return None
        self._lines[id(frame)] = frame.f_lineno
        if self.known is None:
            self.known = copied(self.read())
        return self._line

    def _of_a_layer(self, frame: FrameType) -> bool:
        """A layer inside of the subject has a backward of its own."""
        if str(frame.f_globals.get("__name__")) in (Subject.__module__, Probe.__module__):
            return False
        owner = frame.f_locals.get("self")
        return owner is not None and backward_of(owner) == frame.f_code.co_name

    def _line(self, frame: FrameType, event: str, _: Any) -> Any:
        if event in ("line", "return") and self.place is None and self.known is not None:
            if not _same(self.known, self.read()):
                self.place = frame.f_code.co_filename, self._lines[id(frame)]
                if self.undo is not None:
                    self.undo()
            self._lines[id(frame)] = frame.f_lineno
        return self._line


def _same(before: list[Any], now: list[Any]) -> bool:
    return len(before) == len(now) and all(
        np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind == "f")
        for a, b in zip(before, now, strict=True)
    )


def early_update(case: Case, healed: list[str]) -> Place | None:
    """The update that comes too early: undone as soon as it is made, it would have done no harm."""
    assert case.run is not None
    first: Place | None = None
    subject = case.probe.subject
    for parameter in subject.parameters:
        if parameter.name not in case.run.updated:
            continue
        value = case.probe.value(parameter.name)

        def read(parameter: Any = parameter) -> list[Any]:
            return [np.asarray(parameter.place.get(), dtype=float)]

        def undo(parameter: Any = parameter, value: np.ndarray = value) -> None:
            parameter.place.set(value if value.ndim else float(value))

        place, gradients = first_change(case, subject.backward_function, read, undo)
        if place is not None and gradients is not None:
            if any(n in case.repaired(gradients) for n in healed):
                return place
            first = first or place
    return first


def mutation(case: Case, function: Any) -> Place | None:
    """The line of forward or backward that writes into what it was handed: an input, the gradient from
    above, a cached array.
    """
    if function == case.probe.subject.forward_function:
        return first_change(case, function, case.probe.live_inputs)[0]
    return first_change(case, function, case.probe.handed)[0]
