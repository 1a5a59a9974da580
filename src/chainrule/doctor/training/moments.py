"""The intermediate arrays of foreign code, as they come into being: locals and attributes, line by line.

`watch(action)` runs an action under Python's trace hook and writes down every array that a line of foreign
code binds or changes, with its name, file and line. Nothing of NumPy's or chainrule's own code is looked at.
Layers that have a forward of their own are seen by the recorder as well (`layer_outputs`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

import numpy as np

from ..projects import is_foreign_module

MAX_MOMENTS, MAX_NUMBERS = 4000, 3_000_000


@dataclass(eq=False)
class Moment:
    """One array at the time when one line of code made it."""

    name: str
    function: str
    file: str
    line: int
    frame: int  # the number of the call
    value: np.ndarray
    owner: str = ""  # the path of the layer whose method it is, "" for the model itself

    @property
    def spot(self) -> tuple[str, str, int]:
        """The same for what the same line makes again."""
        return self.name, self.file, self.line


class Watcher:
    """The trace function with what it has seen."""

    def __init__(self, paths: dict[int, str] | None = None) -> None:
        self.paths = paths or {}
        self.moments: list[Moment] = []
        self.numbers = 0
        self.calls = 0
        self._seen: dict[tuple[int, str], Any] = {}
        self._lines: dict[int, int] = {}
        self._frames: dict[int, int] = {}

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        if not is_foreign_module(frame.f_globals.get("__name__")) or frame.f_code.co_filename.startswith(
            "<frozen"
        ):
            return None
        self.calls += 1
        self._frames[id(frame)] = self.calls
        self._lines[id(frame)] = frame.f_lineno
        self._scan(frame, keep=False)
        return self._line

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if len(self.moments) < MAX_MOMENTS and self.numbers < MAX_NUMBERS:
            self._scan(frame, keep=True)
            if event == "return" and isinstance(argument, np.ndarray):
                self._note(frame, "return of " + frame.f_code.co_name, argument)
        self._lines[id(frame)] = frame.f_lineno
        if event == "return":
            number = self._frames.pop(id(frame), 0)
            self._seen = {key: value for key, value in self._seen.items() if key[0] != number}
        return self._line

    def _scan(self, frame: FrameType, keep: bool) -> None:
        number = self._frames[id(frame)]
        for name, value in list(frame.f_locals.items()):
            if isinstance(value, np.ndarray):
                self._look((number, name), name, value, frame, keep)
            elif isinstance(value, list) and value:
                self._look((number, name), name, value[-1], frame, keep)
            elif name in ("self", "layer", "net", "model") or (hasattr(value, "__dict__") and name == "cls"):
                for key, held in list(getattr(value, "__dict__", {}).items()):
                    inner = held[-1] if isinstance(held, list) and held else held
                    self._look((0, f"{id(value)}.{key}"), key, inner, frame, keep)
                    if isinstance(held, dict) and len(held) < 64:
                        for k, v in list(held.items()):
                            self._look((0, f"{id(value)}.{key}.{k}"), f"{key}.{k}", v, frame, keep)

    def _look(self, key: tuple[int, str], name: str, value: Any, frame: FrameType, keep: bool) -> None:
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiub" or value.size > 500_000:
            return
        mark = (id(value), value.shape, str(value.sum()) if value.size else "")
        if self._seen.get(key) != mark:
            self._seen[key] = mark
            if keep:
                self._note(frame, name, value)

    def _note(self, frame: FrameType, name: str, value: np.ndarray) -> None:
        if value.dtype.kind not in "fiub":
            return
        self.numbers += value.size
        code = frame.f_code
        self.moments.append(
            Moment(
                name,
                code.co_qualname,
                code.co_filename,
                self._lines[id(frame)],
                self._frames[id(frame)],
                value.copy(),
                self.paths.get(id(frame.f_locals.get("self")), ""),
            )
        )


def watch(action: Callable[[], Any], paths: dict[int, str] | None = None) -> tuple[Any, list[Moment]]:
    """Runs an action; returns its result and all moments. paths: where the layers stand, by their id."""
    watcher = Watcher(paths)
    before = sys.gettrace()
    sys.settrace(watcher)
    try:
        result = action()
    finally:
        sys.settrace(before)
    return result, watcher.moments
