"""Running code that nobody has read: with a time limit, without output, without questions to the user."""

from __future__ import annotations

import builtins
import contextlib
import io
import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any, NoReturn

from ..quiet import quietly

TRIES = 1500  # of arguments; most of them end at the first line that does not fit
WAITING = 6.0  # so much longer than it may work, code may take by the wall clock
_began = [0.0, 0.0]


def restart() -> None:
    """`spent` counts from here."""
    _began[:] = time.thread_time(), time.perf_counter()


def spent() -> float:
    """The seconds of work since `restart`. Work of this thread, so that a busy machine changes nothing; code
    that only waits is counted by the wall clock, at a sixth.
    """
    return max(time.thread_time() - _began[0], (time.perf_counter() - _began[1]) / WAITING)


class TimeUp(BaseException):
    """The code ran longer than it may. No Exception, so that `except Exception` in it does not catch it."""


class AskedForInput(Exception):
    """The code called input()."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises TimeUp inside the block after so many seconds; limits may be nested, the nearer one counts.

    Only where the system has timers and in the main thread; elsewhere the code runs as long as it does.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(signum: int, frame: Any) -> NoReturn:
        raise TimeUp

    outer = signal.getitimer(signal.ITIMER_REAL)[0]
    limit = min(seconds, outer) if outer else seconds
    previous = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, limit)
    try:
        yield
    finally:
        left = signal.getitimer(signal.ITIMER_REAL)[0]
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
        if outer:
            signal.setitimer(signal.ITIMER_REAL, max(outer - (limit - left), 1e-3))


@contextlib.contextmanager
def muted() -> Iterator[None]:
    """Inside the block nothing is shown, nothing is asked, and random numbers are those of seed 0."""
    asked = builtins.input

    def no_input(*_: Any) -> NoReturn:
        raise AskedForInput("input() has nobody to ask here")

    os.environ.setdefault("MPLBACKEND", "Agg")  # plt.show() then returns at once
    with quietly(), contextlib.redirect_stderr(io.StringIO()):
        builtins.input = no_input
        try:
            reseed()
            yield
        finally:
            builtins.input = asked


def reseed() -> None:
    """The global generators start again, so that what is built twice is built alike. Only inside
    `quietly`.
    """
    import random

    import numpy as np

    np.random.seed(0)  # noqa: NPY002
    random.seed(0)
