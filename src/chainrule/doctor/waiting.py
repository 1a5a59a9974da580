"""What is being asked now, for whoever waits: a line on standard error after two seconds, in a terminal only.

Never in a notebook, in pytest's captured output, or in a pipe. Where a command of the terminal is at work,
its line says it.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

PATIENCE = 2.0

_listeners: list[Callable[[str], None]] = []


def now(what: str) -> None:
    """Said from within: what is being done, in a few words."""
    for listener in _listeners[-1:]:
        listener(what)


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Shows a spinner with `what` and what is being asked while the block runs, if that takes two seconds.
    Inside of another such block, its line goes on.
    """
    stream = _terminal()
    if stream is None or _listeners:
        yield
        return
    line = _Line(stream, what)
    _listeners.append(line.say)
    try:
        yield
    finally:
        _listeners.remove(line.say)
        line.end()


class _Line:
    """Appears when patience is over; what was said last stands in it."""

    def __init__(self, stream: TextIO, what: str) -> None:
        self._stream, self._what, self._said = stream, what, ""
        self._live: Any = None
        self._spinner: Any = None
        self._timer = threading.Timer(PATIENCE, self._begin)
        self._timer.daemon = True
        self._timer.start()

    def _begin(self) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.spinner import Spinner

        self._spinner = Spinner("dots", self._text())
        # the code under test may have redirected sys.stdout: it stays as it is
        self._live = Live(
            self._spinner,
            console=Console(file=self._stream),
            refresh_per_second=12,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()

    def _text(self) -> str:
        from rich.markup import escape

        said = f"  {self._said}" if self._said else ""
        return f"[dim]{escape(self._what)} …{escape(said)}[/]"

    def say(self, what: str) -> None:
        self._said = what
        if self._live is not None:
            self._spinner.update(text=self._text())

    def end(self) -> None:
        self._timer.cancel()
        self._timer.join()
        if self._live is not None:
            self._live.stop()


def _terminal() -> TextIO | None:
    """Standard error, if a person looks at it. The code under test may replace sys.stderr for a while."""
    stream = sys.__stderr__
    captured = "PYTEST_CURRENT_TEST" in os.environ or "ipykernel" in sys.modules
    if stream is None or sys.stderr is None or captured:
        return None
    try:
        return stream if stream.isatty() and sys.stderr.isatty() else None
    except (AttributeError, ValueError):  # replaced by something else, or closed
        return None
