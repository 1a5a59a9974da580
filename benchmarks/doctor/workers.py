"""Runs many checks in a few processes, each with a time limit."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from outcome import Outcome

T = TypeVar("T")
SECONDS = 120


class TooLong(BaseException):
    """Not an Exception, so that no `except Exception` of the code under test swallows it."""


def run(
    work: Callable[[T], Outcome], items: Sequence[T], jobs: int, label: str, names: Sequence[str] = ()
) -> Iterator[Outcome]:
    """work(item) for every item, in the order of the items, by `jobs` forked processes.

    names: what to call the items, should one take too long.
    """
    limited = partial(_limited, work)
    # fork: what was imported stays imported. A few tasks each: what subjects leave behind is left behind
    with multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=25) as pool:
        for done, outcome in enumerate(pool.imap(limited, items), start=1):
            if sys.stderr.isatty():
                print(f"\r{label}: {done} of {len(items)} ", end="", file=sys.stderr, flush=True)
            yield outcome if outcome.name or not names else replace(outcome, name=names[done - 1])
    if sys.stderr.isatty():
        print(file=sys.stderr)


def _limited(work: Callable[[T], Outcome], item: T) -> Outcome:
    def stop(*_: Any) -> None:
        raise TooLong

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        return work(item)
    except TooLong:
        return Outcome("", seconds=SECONDS, trouble=f"still running after {SECONDS} s")
    finally:
        signal.alarm(0)
