"""Pairs of texts in files: a table with two columns, or two files whose lines belong together."""

from __future__ import annotations

from pathlib import Path

from .pairs import Pairs
from .tables import rows_in
from .text_files import one_line, read_text


def read_pairs_table(path: str | Path) -> Pairs:
    """A UTF-8 file with a source, a tab and a target in every line; empty lines are skipped.

    Raises FileNotFoundError, or ValueError that names the file and the line.
    """
    return parse_pairs(read_text(path), str(path))


def parse_pairs(text: str, file: str, languages: tuple[str, str] = ("source", "target")) -> Pairs:
    """The pairs in the text of a table, each text as `one_line` makes it."""
    rows = []
    for where, cells in rows_in(text, file):
        if len(cells) != 2:
            raise ValueError(
                f"{where}: expected 2 columns, source and target with a tab between, found "
                f"{len(cells)}: {_short(cells)}"
            )
        if not all(cells):
            empty = languages[0] if not cells[0] else languages[1]
            raise ValueError(f"{where}: the {empty} is empty: {_short(cells)}")
        rows.append([one_line(cell) for cell in cells])
    if not rows:
        raise ValueError(f"{file} is empty: expected lines with a source, a tab and a target")
    source, target = zip(*rows, strict=True)
    return Pairs(source, target, languages)


def read_aligned(source: Path, target: Path, languages: tuple[str, str]) -> Pairs:
    """Line n of one file with line n of the other, gzipped or not.

    Raises FileNotFoundError, or ValueError that names the files if a line is empty or one has more.
    """
    sides = []
    for path in (source, target):
        lines = [one_line(line) for line in read_text(path).removesuffix("\n").split("\n")]
        if not all(lines):
            raise ValueError(f"{path}, line {lines.index('') + 1} is empty: every line needs its translation")
        sides.append(tuple(lines))
    if len(sides[0]) != len(sides[1]):
        raise ValueError(
            f"{source} and {target} do not belong together: they have {len(sides[0]):,} and "
            f"{len(sides[1]):,} lines"
        )
    return Pairs(sides[0], sides[1], languages)


def _short(cells: list[str]) -> str:
    line = "\t".join(cells)
    return repr(line if len(line) <= 60 else line[:60] + "...")
