"""The lines of the user's source that a finding points at."""

from __future__ import annotations

import ast
import linecache
import re
import textwrap
from dataclasses import dataclass, field

CONTEXT = 1  # lines before and after
WHOLE = 8  # a function of so few lines is shown as a whole
STATEMENT = 4  # lines of one statement
NUMBER = re.compile(r"\(line (\d+)\)")
NAME = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class SourceLine:
    """mark: "" (context), "right", "wrong", or "gap" for lines that are left out."""

    number: int
    text: str
    mark: str = ""
    carets: tuple[int, int] = (0, 0)  # the columns to underline: from, to


@dataclass(frozen=True)
class Excerpt:
    """file, line, and what stands there; `lines` is empty where the source cannot be read."""

    file: str
    line: int
    function: str = ""
    lines: list[SourceLine] = field(default_factory=list)


def excerpt(file: str, line: int, trail: list[str]) -> Excerpt | None:
    """The statement at a line with its neighbors, and the lines that the trail calls right or wrong."""
    if not file:
        return None
    linecache.checkcache(file)  # it may have been saved since
    source = [_clean(text) for text in linecache.getlines(file)]
    if not 0 < line <= len(source):
        return Excerpt(file, line)
    first, last, name = _function(source, line)
    begin, end = _statement(source, line)
    if line == first:  # all that is known is the function
        last = last if last - first < WHOLE else min(line + 2, last)
        shown, end = dict.fromkeys(range(first, last + 1), ""), line
    else:
        shown = dict.fromkeys(range(max(begin - CONTEXT, first), min(end + CONTEXT, last) + 1), "")
        shown |= {n: mark for n, mark in _marks(trail).items() if first <= n <= last}
    shown |= dict.fromkeys(range(begin, min(end, begin + STATEMENT - 1) + 1), "wrong")
    shown = {n: mark for n, mark in shown.items() if source[n - 1].strip() or mark}
    texts = textwrap.dedent("\n".join(source[n - 1] for n in sorted(shown))).split("\n")
    lines: list[SourceLine] = []
    for n, text in zip(sorted(shown), texts, strict=True):
        if (
            lines
            and n > lines[-1].number + 1
            and any(source[m - 1].strip() for m in range(lines[-1].number + 1, n))
        ):
            lines.append(SourceLine(n, "", "gap"))
        lines.append(SourceLine(n, text, shown[n], _carets(text, trail) if n == line else (0, 0)))
    return Excerpt(file, line, name, lines)


def _clean(line: str) -> str:
    """Without its end, without tabs, and with nothing that moves a cursor."""
    return "".join(c if c.isprintable() else "?" for c in line.rstrip().expandtabs(4))


def _function(source: list[str], line: int) -> tuple[int, int, str]:
    """First and last line and the name of the innermost function around a line (of the file, if none)."""
    try:
        tree = ast.parse("\n".join(source))
    except (SyntaxError, ValueError):
        return max(line - CONTEXT, 1), min(line + CONTEXT, len(source)), ""
    found = (1, len(source), "")
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            last = node.end_lineno or node.lineno
            if first <= line <= last and last - first <= found[1] - found[0]:
                found = (first, last, node.name)
    return found


def _statement(source: list[str], line: int) -> tuple[int, int]:
    """The lines of the smallest statement around a line; of a loop or a function, its first alone."""
    try:
        tree = ast.parse("\n".join(source))
    except (SyntaxError, ValueError):
        return line, line
    found = (line, line)
    for node in ast.walk(tree):
        simple = isinstance(node, ast.stmt) and not hasattr(node, "body")
        if simple and node.lineno <= line <= (node.end_lineno or 0):  # type: ignore[attr-defined]
            found = (node.lineno, node.end_lineno or line)  # type: ignore[attr-defined]
    return found


def _marks(trail: list[str]) -> dict[int, str]:
    found = {}
    for said in trail:
        number = NUMBER.search(said)
        if number and (" right" in said or " wrong" in said):
            found[int(number[1])] = "right" if " right" in said else "wrong"
    return found


def _carets(text: str, trail: list[str]) -> tuple[int, int]:
    """Where the name that the trail calls wrong stands in the line."""
    for said in reversed(trail):
        name = NAME.search(said) if " wrong" in said else None
        if name:
            place = re.search(rf"(?<![\w.]){re.escape(name[1])}(?!\w)", text)
            return place.span() if place else (0, 0)
    return 0, 0
