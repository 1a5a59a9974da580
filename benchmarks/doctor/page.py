"""Writes the measured tables into docs/doctor/benchmark.md, between its markers."""

from __future__ import annotations

from common import HERE, Table
from run_all import replaced

PARTS = ("museum", "mutants", "correct", "strangers", "comparison")
PAGE = HERE.parent / "docs" / "doctor" / "benchmark.md"


def write(tables: dict[str, list[Table]], where: dict[str, str], failures: list[str]) -> str:
    """Replaces the sections that were measured; the others stay. Returns the page's name."""
    words = "; ".join(f"{name}: {value}" for name, value in where.items())
    page = PAGE.read_text(encoding="utf-8")
    for part, found in tables.items():
        page = replaced(page, part, "\n".join([*(table.markdown() for table in found), f"*{words}.*"]))
    if set(tables) == set(PARTS):
        page = replaced(page, "failures", "\n".join(_escaped(line) for line in failures))
    PAGE.write_text(page, encoding="utf-8")
    return PAGE.name


def _escaped(line: str) -> str:
    """A title becomes a heading; code in a line of the list is shown as it is."""
    if not line.startswith("- "):
        return f"**{line}**\n" if line else ""
    name, mark, rest = line[2:].partition("; found ")
    if not mark:
        return f"- {line[2:]}"
    return f"- `{name}`; found `{rest}`"
