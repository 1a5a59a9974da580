"""A stranger's faulty file: the right one with its fault.diff, a unified diff without context, applied."""

from __future__ import annotations

import re
from pathlib import Path

_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def is_faulty(folder: Path) -> bool:
    return (folder / "faulty.py").exists() or (folder / "fault.diff").exists()


def faulty_file(folder: Path, into: Path) -> Path:
    """The file itself, or one that is written into another folder."""
    given = folder / "faulty.py"
    if given.exists():
        return given
    written = into / folder.name / "faulty.py"
    written.parent.mkdir(parents=True, exist_ok=True)
    right = (folder / "right.py").read_text(encoding="utf-8")
    diff = (folder / "fault.diff").read_text(encoding="utf-8")
    written.write_text(patched(right, diff), encoding="utf-8")
    return written


def patched(text: str, diff: str) -> str:
    """Raises ValueError where the diff is not one of this text."""
    lines, found, done = text.splitlines(), [], 0
    hunks = re.split(r"^(?=@@ )", diff, flags=re.M)[1:]
    for hunk in hunks:
        head, *body = hunk.splitlines()
        match = _HUNK.match(head)
        assert match is not None
        count = int(match[2] or 1)
        begin = int(match[1]) - (count > 0)  # of an insertion, the line before it
        removed = [line[1:] for line in body if line.startswith("-")]
        if lines[begin : begin + count] != removed:
            raise ValueError(f"{head}: the file has other lines there than {removed}")
        found += lines[done:begin] + [line[1:] for line in body if line.startswith("+")]
        done = begin + count
    return "\n".join([*found, *lines[done:]]) + "\n"
