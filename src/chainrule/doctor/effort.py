"""How much work a check has done: counted, in seconds of an ordinary machine.

How long an experiment may search must not depend on the machine, nor on what else it does: the same check is
to ask the same questions everywhere. So runs of the subject are counted, and each is worth what one run
costs, by the lines of Python that it executes and by the numbers that it returns. Only code that takes much
longer than its lines tell (large matrices) counts by the clock.
"""

from __future__ import annotations

import sys
import threading
import time
import types
from collections.abc import Callable
from typing import Any

import numpy as np

# seconds, fitted to the forwards and backwards of the museum on an ordinary core
BASE, PER_LINE, PER_NUMBER = 20e-6, 0.35e-6, 20e-9
AROUND = 180e-6  # to put the subject back, to copy its inputs, to compare what came out
PER_BYTECODE = 0.8e-6  # to edit a function and to compile it
PER_VALUE = 0.8e-6  # that is looked at on its way
SLOW = 2.5  # times as long as its lines tell

_thread = threading.local()


def done() -> float:
    """The work of this thread so far."""
    return getattr(_thread, "done", 0.0)


def spend(seconds: float) -> None:
    _thread.done = done() + seconds


def spend_on_editing(code: types.CodeType) -> None:
    spend(PER_BYTECODE * len(code.co_code))


class Meter:
    """Runs a function and counts what that costs; what a run is worth is found out in the first few."""

    def __init__(self) -> None:
        self.seconds = BASE  # of one run
        self._runs = 0
        self._least = np.inf

    def __call__(self, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        self._runs += 1
        try:
            if self._runs == 2 and sys.gettrace() is None:
                return self._counted(function, *arguments, **keywords)
            if self._runs in (3, 4):  # the first ones may compile, import, allocate
                return self._timed(function, *arguments, **keywords)
            return function(*arguments, **keywords)
        finally:
            spend(self.seconds + AROUND)

    def _counted(self, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        lines = numbers = 0

        def local(frame: types.FrameType, event: str, result: Any) -> Any:
            nonlocal lines, numbers
            if event == "line":
                lines += 1
            elif event == "return":
                for value in result if type(result) is tuple else (result,):
                    numbers += value.size if isinstance(value, np.ndarray) else 0
            return local

        sys.settrace(lambda frame, event, result: local)
        try:
            return function(*arguments, **keywords)
        finally:
            sys.settrace(None)
            self.seconds = BASE + PER_LINE * lines + PER_NUMBER * numbers

    def _timed(self, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        start = time.thread_time()
        try:
            return function(*arguments, **keywords)
        finally:
            self._least = min(self._least, time.thread_time() - start)
            if self._runs == 4 and self._least > SLOW * self.seconds:
                self.seconds = self._least
