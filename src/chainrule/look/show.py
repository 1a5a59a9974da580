"""A trace in the terminal."""

from __future__ import annotations

import math
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.text import Text

from .lines import Line, Trace
from .statistics import Statistics

ARROWS = {"forward": "→", "backward": "←", "update": "Δ"}
COLORS = {"forward": "cyan", "backward": "magenta", "update": "yellow"}
HEADINGS = ("", "layer", "shape", "mean", "spread", "values", "zeros", "‖g‖", "step/w", "")
LEGEND = {
    "‖g‖": "norm of the gradient that came in (of a weight: its own)",
    "step/w": "how far the step moves a layer's weights, relative to them",
}


class Cells(NamedTuple):
    """One line as texts, without the layer, which gets the room that is left."""

    arrow: str
    shape: str = ""
    mean: str = ""
    spread: str = ""
    values: str = ""
    zeros: str = ""
    incoming: str = ""
    ratio: str = ""
    bad: str = ""


def rendered(trace: Trace, width: int) -> Text:
    """The whole trace, with colors."""
    rows = [cells(line) for line in trace.lines]
    # a column that is empty everywhere is left out
    used = [i for i in range(len(Cells._fields)) if any(row[i] for row in rows)]
    headings = [HEADINGS[0], *HEADINGS[2:]]
    widths = {i: max(len(headings[i]), *(len(row[i]) for row in rows)) for i in used}
    left = width - sum(widths.values())  # for the layers, and for what stands between the columns
    longest = max((len(label(line, width)[0]) for line in trace.lines), default=0)
    gap = "  " if longest + 2 * len(used) <= left else " "
    labels = [label(line, max(left - len(gap) * len(used), 12)) for line in trace.lines]
    room = max([len("layer"), *(len(text) for text, _ in labels)])

    text = Text(f"{title(trace)}\n", no_wrap=True, overflow="ignore")
    if rows:
        text.append(_row([headings[i] for i in used], used, widths, "layer".ljust(room), gap), "dim")
        text.append("\n")
    for line, row, (name, kind) in zip(trace.lines, rows, labels, strict=True):
        text.append_text(
            _styled(line, row, _row([row[i] for i in used], used, widths, name.ljust(room), gap), kind)
        )
    for heading, meaning in LEGEND.items():
        if any(headings[i] == heading for i in used):
            text.append(f"{heading}: {meaning}\n", "dim")
    for message, style in messages(trace):
        text.append(f"{message}\n", style)
    text.right_crop(1)
    return text


def colored(trace: Trace) -> str:
    """As the terminal shows it."""
    console = Console()
    with console.capture() as capture:
        console.print(trace, end="", soft_wrap=True)
    return capture.get()


def title(trace: Trace) -> str:
    inputs = ", ".join(f"{shape(array)} {bad([array])}".rstrip() for array in trace.inputs)
    value = "" if trace.loss is None else f", loss {trace.loss:.4f}"
    return f"trace of {trace.name}: input {inputs or 'without arrays'}{value}"


def messages(trace: Trace) -> list[tuple[str, str]]:
    """(text, style) of what is to be said below the lines."""
    said = []
    if (line := trace.first_not_finite) is not None:
        said.append((f"the first {bad(line.arrays)}: {place(line)}", "bold red"))
    if trace.error is not None:
        said.append((f"{type(trace.error).__name__}: {trace.error}", "bold red"))
        where = [] if trace.failed is None else [f"in {place(trace.failed)}"]
        if trace.failed is not None and trace.failed.given:
            where.append(f"given {', '.join(map(sizes, trace.failed.given))}")
        frames = traceback.extract_tb(trace.error.__traceback__)
        if frames:
            where.append(f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}: {frames[-1].line}")
        said.append(("; ".join(where), "bold red"))
    return [*said, *((note, "yellow") for note in trace.notes)]


def place(line: Line) -> str:
    return f"{line.phase} of {line.path} ({line.kind})" if line.path else f"{line.phase} of {line.kind}"


def cells(line: Line) -> Cells:
    arrow = ARROWS[line.phase]
    incoming, ratio = _or_blank(line.incoming), _or_blank(line.ratio)
    if not line.arrays:
        return Cells(arrow, shape=line.error or "", incoming=incoming, ratio=ratio)
    first = line.arrays[0]
    single = first.size == 1
    return Cells(
        arrow,
        shapes(line.arrays),
        number(first.mean),
        "" if single else number(first.spread),
        "" if single else first.sparkline,
        share(first.zeros),
        incoming,
        ratio,
        bad(line.arrays),
    )


def label(line: Line, room: int) -> tuple[str, str]:
    """(the whole label, the part of it at the end that is the kind): indented by depth, and cut to fit."""
    indent = " " * min(line.depth, 8)
    if not line.path:
        name = shortened(f"{indent}{line.kind}", room)
        return name, name.strip()
    name = indent + line.path
    left = room - len(name) - 1
    if left >= len(line.kind) or left >= 4:
        kind = line.kind if left >= len(line.kind) else f"{line.kind[: left - 1]}…"
        return f"{name} {kind}", kind
    return indent + shortened(line.path, room - len(indent)), ""


def shortened(path: str, room: int) -> str:
    """A text cut in the middle: the end tells most, and gets two thirds of the room."""
    if len(path) <= room:
        return path
    beginning = (room - 1) // 3
    return f"{path[:beginning]}…{path[len(path) - (room - 1 - beginning) :]}"


def shape(array: Statistics) -> str:
    return sizes(array.shape)


def sizes(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "number"


def shapes(arrays: Sequence[Statistics]) -> str:
    more = f" +{len(arrays) - 1}" if len(arrays) > 1 else ""
    return shape(arrays[0]) + more


def number(value: float) -> str:
    """Three figures in at most seven characters: -0.0123, 4.5e-12, 123."""
    if not math.isfinite(value) or value == 0:
        return str(value) if value else "0"
    if 0.00995 <= abs(value) < 99_999.5:
        return f"{value:.0f}" if abs(value) >= 999.5 else f"{value:#.3g}".rstrip(".")
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def share(of: float) -> str:
    if of in (0, 1):
        return "100%" if of else ""
    return "<1%" if of < 0.01 else ">99%" if of > 0.99 else f"{of:.0%}"


def bad(arrays: Sequence[Statistics]) -> str:
    """How many numbers are none: "3 NaN 1 inf"."""
    counts = (("NaN", sum(a.nan for a in arrays)), ("inf", sum(a.inf for a in arrays)))
    return " ".join(f"{count:,} {name}" for name, count in counts if count)


def _or_blank(value: float | None) -> str:
    return "" if value is None else number(value)


def _row(texts: list[str], used: list[int], widths: dict[int, int], name: str, gap: str) -> str:
    left = {0, 1, 4, 8}  # arrow, shape, values, bad
    padded = [
        text.ljust(widths[i]) if i in left else text.rjust(widths[i])
        for text, i in zip(texts, used, strict=True)
    ]
    return f"{padded[0]} {gap.join([name, *padded[1:]])}".rstrip()


def _styled(line: Line, row: Cells, written: str, kind: str) -> Text:
    text = Text(f"{written}\n")
    text.stylize(COLORS[line.phase], 0, 1)
    for part, style in ((kind if line.path else "", "dim"), (row.values.strip(), COLORS[line.phase])):
        if part:
            begin = written.find(part, len(line.path))
            text.stylize(style, begin, begin + len(part))
    if row.zeros == "100%":
        text.stylize("yellow")
    if not line.is_finite or line.error:
        text.stylize("bold red")
    return text
