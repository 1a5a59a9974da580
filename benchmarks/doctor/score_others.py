"""The same specimens under other checkers: how many do they see, and what do they say?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from other_checkers import checkers
from outcome import Outcome, ask
from specimens import examine, load, museum_files
from workers import run
from wrapped import CannotBeWrapped, Wrapped


@dataclass
class Comparison(Outcome):
    """What each checker said of one specimen and of its twin; the doctor's findings are in `said`."""

    room: str = ""
    faulty: dict[str, str] = field(default_factory=dict)
    correct: dict[str, str] = field(default_factory=dict)
    took: dict[str, float] = field(default_factory=dict)
    twin_said: int = 0


def score(jobs: int, only: str = "") -> Iterator[Outcome]:
    yield from run(compare, museum_files(only), jobs, "other checkers")


def compare(path: Path) -> Comparison:
    module, name = load(path), f"{path.parent.name}/{path.stem}"
    result = Comparison(name, tuple(module.CODES), room=path.parent.name)
    try:
        for checker, judge in checkers().items():
            begin = time.perf_counter()
            result.faulty[checker] = _judged(judge, module.faulty())
            result.took[checker] = time.perf_counter() - begin
            result.correct[checker] = _judged(judge, module.correct())
    except CannotBeWrapped as error:
        result.skipped = str(error).splitlines()[0]
        return result
    doctor = ask(name, lambda: examine(module.faulty()))
    result.said, result.seconds = doctor.said, doctor.seconds
    result.twin_said = len(ask(name, lambda: examine(module.correct())).said)
    return result


def _judged(judge: Any, arguments: dict[str, Any]) -> str:
    wrapped = Wrapped(arguments)
    try:
        return str(judge(wrapped))
    except Exception as error:  # the subject's own backward failed: that is seen, too
        return f"{type(error).__name__}: {error}".splitlines()[0][:200]
    finally:
        wrapped.close()
