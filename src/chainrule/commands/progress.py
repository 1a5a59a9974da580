"""A line on standard error that says what takes so long; only in a terminal, and only after two seconds."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.status import Status

PATIENCE = 2.0


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Shows a spinner with `what` while the block runs, if it runs for more than two seconds."""
    # the code under test may replace sys.stderr for a while
    stream = sys.__stderr__
    if stream is None or not stream.isatty():
        yield
        return
    status = Status(f"[dim]{escape(what)} …[/]", console=Console(file=stream))
    timer = threading.Timer(PATIENCE, status.start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        status.stop()
