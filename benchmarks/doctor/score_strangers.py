"""Code by strangers: files by people who had not seen the doctor, with a fault and without it, handed to
`chainrule.check` as call.py says, and to `chainrule check FILE` with nothing said at all.

A folder NAME holds right.py, call.py, and mostly faulty.py (or fault.diff, which makes it of right.py) with
expected.txt (the accepted codes; what is wrong; where).
"""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from faulty_files import faulty_file, is_faulty
from outcome import Outcome, ask, is_near
from specimens import HERE, examine, load
from workers import run

STRANGERS = Path(os.environ.get("CHAINRULE_STRANGERS", HERE / "strangers"))  # or a new set, somewhere else
WAYS = ("Python", "command line")


@dataclass(frozen=True)
class Task:
    folder: Path
    file: str
    way: str

    @property
    def name(self) -> str:
        return f"{self.folder.name}/{self.file}, {self.way}"

    @property
    def is_faulty(self) -> bool:
        return self.file == "faulty.py"


def score(jobs: int, only: str = "") -> Iterator[tuple[Task, Outcome]]:
    folders = [f for f in sorted(STRANGERS.iterdir()) if (f / "right.py").exists() and only in f.name]
    tasks = [
        Task(folder, file, way)
        for way in WAYS
        for folder in folders
        for file in ("faulty.py", "right.py")
        if (file == "right.py" or is_faulty(folder)) and not (way == "command line" and _is_trained(folder))
    ]
    yield from zip(tasks, run(examined, tasks, jobs, "strangers", [t.name for t in tasks]), strict=True)


def _is_trained(folder: Path) -> bool:
    """Whether the fault shows in training only, of which `chainrule check FILE` knows nothing."""
    return "training_check" in (folder / "call.py").read_text(encoding="utf-8")


def examined(task: Task) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="strangers_") as folder:
        return _examined(task, Path(folder))


def _examined(task: Task, folder: Path) -> Outcome:
    path = faulty_file(task.folder, folder) if task.is_faulty else task.folder / task.file
    codes = expected(task.folder) if task.is_faulty else ()
    outcome = ask(task.name, lambda: _asked(task, path), codes)
    if task.is_faulty:
        lines = changed_lines(task.folder / "right.py", path)
        if task.way == "command line":  # several classes: what is said of the fault comes first
            outcome.said.sort(key=lambda said: said.code not in codes)
        outcome.on_line = bool(outcome.said) and is_near(outcome.said[0], path, lines)
    return outcome


def _asked(task: Task, path: Path) -> Any:
    if task.way == "Python":
        return examine(load(task.folder / "call.py").call(load(path)))
    from chainrule.commands.check import examine_all, open_file

    reports = examine_all(open_file(path, []), "fix", 0)
    whole = SimpleNamespace(findings=[], not_tested=[])
    for _, report in reports:
        if isinstance(report, str):
            raise RuntimeError(report)
        whole.findings += report.findings
        whole.not_tested += report.not_tested
    return whole


def expected(folder: Path) -> tuple[str, ...]:
    return tuple((folder / "expected.txt").read_text(encoding="utf-8").splitlines()[0].split())


def changed_lines(right: Path, faulty: Path) -> list[int]:
    """The lines of the faulty file that the right one has otherwise, or has more lines before."""
    texts = [path.read_text(encoding="utf-8").splitlines() for path in (right, faulty)]
    blocks = difflib.SequenceMatcher(None, *texts, autojunk=False).get_opcodes()
    return [n for kind, *_, i, j in blocks if kind != "equal" for n in range(i + 1, max(i + 1, j) + 1)]
