"""What became of one subject, and what the doctor said of it, as plain values (they cross processes)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NEAR = 2  # lines


@dataclass
class Said:
    """One finding."""

    code: str
    verified: bool
    where: str
    targets: list[str]
    file: str
    line: int

    def __str__(self) -> str:
        proof = "" if self.verified else "?"
        place = " ".join(part for part in (self.where, ",".join(self.targets[:4])) if part)
        return f"{self.code}{proof} [{place}] line {self.line}"


@dataclass
class Outcome:
    """A faulty subject (codes are expected) or a correct one (none is)."""

    name: str
    codes: tuple[str, ...] = ()
    said: list[Said] = field(default_factory=list)
    seconds: float = 0.0
    placed: bool = False
    on_line: bool | None = None  # None: no line was asked for
    trouble: str = ""  # the doctor itself failed
    skipped: str = ""  # why nothing was run
    note: str = ""
    failed: list[str] = field(default_factory=list)  # experiments that could not be run

    @property
    def detected(self) -> bool:
        return bool(self.said)

    @property
    def named(self) -> bool:
        return bool(self.said) and self.said[0].code in self.codes

    @property
    def findings(self) -> str:
        return self.trouble or "; ".join(map(str, self.said)) or "silent"


def ask(name: str, call: Callable[[], Any], codes: tuple[str, ...] = ()) -> Outcome:
    """Runs a check and keeps what it says; an exception of the doctor is trouble, not the end."""
    outcome, begin = Outcome(name, codes), time.perf_counter()
    try:
        report = call()
    except Exception as error:  # foreign code, and the doctor under development: anything
        outcome.trouble = f"{type(error).__name__}: {error}".splitlines()[0][:160]
    else:
        outcome.said = [
            Said(
                f.code, bool(f.verified), f.where or "", list(f.targets), str(f.file or ""), int(f.line or 0)
            )
            for f in report.findings
        ]
        outcome.failed = [what for what in report.not_tested if "could not be run here" in what]
    outcome.seconds = time.perf_counter() - begin
    return outcome


def is_near(said: Said, file: Path, lines: Sequence[int]) -> bool:
    """Whether a finding's line is one of these, or close to one."""
    return Path(said.file).name == file.name and any(abs(said.line - line) <= NEAR for line in lines)
