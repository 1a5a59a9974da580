"""A report for a person at 2 a.m., as text: the cause and the place, the proof, the lines, the repair."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from io import StringIO
from typing import NamedTuple

from rich.console import Console
from rich.text import Text

from .excerpt import Excerpt, SourceLine
from .notebook import as_html
from .report import Report, short_path
from .telling import Told, as_line, is_diff, not_tested, summary, tell

INDENT = "  "
NARROWEST, WIDEST = 40, 110  # longer lines are hard to read
LINES = 5  # of one paragraph


class Signs(NamedTuple):
    fault: str = "✗"
    doubt: str = "?"
    fine: str = "✓"
    arrow: str = "❯"
    gap: str = "⋮"
    dot: str = " · "
    more: str = "…"


PLAIN = Signs("x", "?", "ok", ">", ":", "; ", "...")


def as_text(report: Report, color: bool | None = None, width: int | None = None) -> str:
    """The report in lines of at most `width` characters (the terminal's by default, 110 at most).

    color: with a terminal's escape codes; None: if standard output is a terminal and NO_COLOR is not set.
    """
    if color is None:
        color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    text = rendered(report, width or shutil.get_terminal_size((80, 24)).columns, _signs())
    if not color:
        return text.plain
    file = StringIO()
    Console(file=file, force_terminal=True, color_system="standard").print(text, end="", soft_wrap=True)
    return file.getvalue()


def print_report(report: Report, console: Console) -> None:
    """The report in the console's width and colors."""
    console.print(rendered(report, console.width, _signs(console.encoding)), soft_wrap=True)


def rendered(report: Report, width: int, signs: Signs = PLAIN) -> Text:
    """The whole report."""
    width = max(NARROWEST, min(width, WIDEST))
    lines: list[Text] = []
    for told in tell(report):
        lines += [*_finding(told, width, signs), Text()]
    if report.ok and report.not_yet and not report.tested:
        lines += _wrapped(f"{signs.doubt} {summary(report)}", width, "yellow", hanging=INDENT)
    elif report.ok:
        lines += _wrapped(f"{signs.fine} {summary(report)}", width, "green", hanging=INDENT)
    else:
        lines += _wrapped(summary(report), width, "dim", hanging=INDENT)
    if report.sizes:
        lines += _wrapped(f"looked at with smaller sizes: {report.sizes[0]}", width, "dim", hanging=INDENT)
    untested = not_tested(report)
    if untested:
        lines.append(Text("not tested:", "dim"))
    for what in untested:
        lines += _wrapped(what, width, "dim", INDENT, INDENT * 2)
    return Text("\n", no_wrap=True, overflow="ignore").join(lines)


def _finding(told: Told, width: int, signs: Signs) -> list[Text]:
    lines = _headline(told, width, signs)
    if told.detail:
        lines.append(Text())
        proof = "proved: " if told.proved else "not proved: "
        lines += _wrapped(proof + told.detail, width, "", INDENT, INDENT, part=proof, color=_color(told))
    elif not told.proved:
        lines += _wrapped("not proved", width, _color(told), INDENT)
    if told.evidence:
        figures = signs.dot.join(f"{name} {value}" for name, value in told.evidence)
        lines += _wrapped(figures, width, "cyan", INDENT, INDENT)
    if told.candidates:
        lines += [Text(), Text(f"{INDENT}candidates, the likeliest first", "bold")]
        for candidate in told.candidates:
            lines += _wrapped(candidate, width, "", INDENT * 2, INDENT * 3)
    if told.source is not None:
        lines += [Text(), *_source(told.source, width, signs)]
    if told.trail:
        lines += _wrapped("; ".join(told.trail), width, "", INDENT, INDENT)
    if told.fix:
        sure = "repair" if told.proved else "repair, if this is the cause"
        diff = is_diff(told.fix)
        lines += [Text(), Text(f"{INDENT}{sure}", "bold")]
        lines += [Text(f"{INDENT * 2}{line}", _fix_style(line, diff)) for line in told.fix]
    if told.hint:
        lines += [Text(), *_wrapped(told.hint, width, "dim", INDENT, INDENT)]
    return lines


def _headline(told: Told, width: int, signs: Signs) -> list[Text]:
    sign = signs.fault if told.proved else signs.doubt
    number = f"{told.number} " if told.number else ""
    doubt = "" if told.proved or "proved" in told.cause else " (not proved)"
    place = f": {told.place}" if told.place else ""
    head = f"{sign} {number}{told.cause}"
    return _wrapped(
        f"{head}{doubt}{place}", width, "", hanging=INDENT, part=head, color=f"bold {_color(told)}"
    )


def _color(told: Told) -> str:
    return "red" if told.proved else "yellow"


def _wrapped(
    text: str, width: int, style: str, first: str = "", hanging: str = "", part: str = "", color: str = ""
) -> list[Text]:
    """A paragraph of at most `LINES` lines; its first characters, `part`, may have a color of their own."""
    broken = textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=hanging,
        max_lines=LINES,
        placeholder=" ...",
        break_on_hyphens=False,
    )
    lines = [Text(line, style) for line in broken]
    left = len(part.strip())
    for line in lines:
        indent = len(line.plain) - len(line.plain.lstrip())
        if left > 0:
            line.stylize(color, indent, indent + left)
            left -= len(line.plain) - indent + 1  # and the space that became a line's end
    return lines


# ---------------------------------------------------------------- source


def _source(source: Excerpt, width: int, signs: Signs) -> list[Text]:
    inside = f", in {source.function}" if source.function else ""
    tail = f", line {source.line}{inside}" if source.line else ""
    lines = [Text(f"{INDENT}{fitting(source.file, width - len(INDENT + tail))}{tail}", "bold")]
    numbers = max((len(str(line.number)) for line in source.lines), default=0)
    for line in source.lines:
        lines += _source_line(line, numbers, width, signs)
    return lines


def _source_line(line: SourceLine, numbers: int, width: int, signs: Signs) -> list[Text]:
    if line.mark == "gap":
        return [Text(f"{INDENT}  {signs.gap.rjust(numbers)}", "dim")]
    mark = {"wrong": signs.arrow, "right": signs.fine[0]}.get(line.mark, " ")
    before = f"{INDENT}{mark} {str(line.number).rjust(numbers)}  "
    room = width - len(before)
    code = line.text if len(line.text) <= room else line.text[: room - len(signs.more)] + signs.more
    text = Text(before + code, {"wrong": "bold", "right": ""}.get(line.mark, "dim"))
    text.stylize({"wrong": "bold red", "right": "green"}.get(line.mark, ""), 0, len(before))
    begin, end = line.carets
    if begin == end or end > room:
        return [text]
    return [text, Text(" " * (len(before) + begin) + "^" * (end - begin), "bold red")]


def fitting(path: str, room: int) -> str:
    """A path as one would type it from here; of a long one, its end."""
    path = short_path(path)
    if len(path) <= room:
        return path
    parts = path.replace("\\", "/").split("/")
    while len(parts) > 1 and len("/".join(parts)) + 4 > room:
        del parts[0]
    return f".../{'/'.join(parts)}"


def _fix_style(line: str, diff: bool) -> str:
    if not diff:
        return "green"
    return {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")


def _signs(encoding: str | None = None) -> Signs:
    """Signs that can be written where this will be written."""
    try:
        "".join(Signs()).encode(encoding or getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return PLAIN
    return Signs()


__all__ = ["as_html", "as_line", "as_text", "print_report"]
