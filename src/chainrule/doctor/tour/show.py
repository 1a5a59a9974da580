"""One stop on the console: story, code, training, verdict, proof, repair."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from ..printing import print_report
from ..report import Report
from .curves import curve, decades, log_bar, means
from .sources import code_of, owner_of, repair_of
from .stop import Figures, Number, Stop, Symptom, Training, Variant

WIDEST = 110
HEIGHT = 5  # of a curve, in lines
ROUNDING = 1e-8
THEME = "ansi_dark"
TWINS = (("faulty", "red"), ("repaired", "green"))


def show_stop(stop: Stop, count: int, console: Console, pause: Callable[[str], None]) -> None:
    """All of it. `pause` is called before the verdict, with what comes next."""
    console.rule(f"[bold]{stop.number} of {count}: {escape(stop.title)}[/]")
    _paragraph(console, stop.story)
    _head(console, "the code")
    for faulty, _ in stop.shown:
        _code(console, faulty)
    with _busy(console, "training both twins ..."):
        symptom = stop.train()
    show_symptom(stop, symptom, console)
    pause("the verdict")
    _head(console, "the verdict", stop.call)
    _report(console, _examined(console, lambda: stop.examine(True)))
    for variant in stop.variants:
        _variant(console, variant)
    with _busy(console, "the proof ..."):
        proof = stop.prove()
    _head(console, "the proof")
    _paragraph(console, proof.words)
    console.print()
    show_figures(proof.figures, console)
    _head(console, "the repair")
    _paragraph(console, stop.repair)
    for faulty, repaired in stop.shown:
        _difference(console, repair_of(faulty, repaired))
    _head(console, "the repaired twin")
    _report(console, _examined(console, lambda: stop.examine(False)))
    console.print()


# ------------------------------------------------------------ the training


def show_symptom(stop: Stop, symptom: Symptom, console: Console) -> None:
    """Both losses beside each other, on one scale; the accuracies; more figures; what one would say."""
    _head(console, "in training")
    _paragraph(console, stop.task)
    trainings = symptom.faulty, symptom.repaired
    width = (_width(console) - 12) // 2
    shown = [v for t in trainings for v in means(t.losses, 2 * width) if math.isfinite(v)]
    high = min(max(shown), 2.0 * max(t.losses[0] for t in trainings))
    braille = _can(console, "⠿")
    pictures = [curve(t.losses, 0.0, high, width, HEIGHT, braille) for t in trainings]
    console.print()
    rows = [("", *(name for name, _ in TWINS))]
    rows += [(_scale(i, high), *parts) for i, parts in enumerate(zip(*pictures, strict=True))]
    rows += [("", *(_outcome(t) for t in trainings))]
    for scale, *parts in rows:
        line = Text(f"{scale:>6}  ", "dim")
        for part, (_, color) in zip(parts, TWINS, strict=True):
            line.append(f"{part:<{width + 2}}", f"{color} not dim")
        line.rstrip()
        console.print(line, soft_wrap=True)
    for figures in symptom.figures:
        console.print()
        show_figures(figures, console)
    console.print()
    _paragraph(console, symptom.words)


def _scale(line: int, high: float) -> str:
    return {0: f"{high:.2g}", HEIGHT // 2: "loss", HEIGHT - 1: "0"}.get(line, "")


def _outcome(training: Training) -> str:
    last = training.losses[-20:]
    return f"{len(training.losses)} steps: loss {sum(last) / len(last):.2g}, {training.accuracy:.0%} right"


# ------------------------------------------------------------ figures


def show_figures(figures: Figures, console: Console) -> None:
    """A small table, with bars if they are wanted."""
    console.print(Text(figures.title), style="bold", soft_wrap=False, highlight=False)
    named = any(figures.names)
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    for _ in range(2):
        table.add_column(justify="right", no_wrap=True)
        table.add_column(no_wrap=True)
    columns = figures.columns
    table.add_row(
        "", *(cell for head in zip(figures.heads, ("", ""), strict=True) for cell in head), style="dim"
    )
    values = (
        [float(v) for column in columns for v in column if not isinstance(v, str)] if figures.bars else []
    )
    low, high = decades(values)
    room = max(6, min(24, (_width(console) - 44) // 2))
    blocks = _can(console, "█")
    for i, name in enumerate(figures.names):
        cells: list[str | Text] = []
        for column, (_, color) in zip(columns, TWINS, strict=True):
            value = column[i]
            bar = log_bar(_size(value), low, high, room, blocks) if figures.bars else ""
            cells += [number(value), Text(bar, color)]
        table.add_row(name if named else "", *cells)
    console.print(Padding(table, (0, 0, 0, 2), expand=False))


def number(value: Number) -> str:
    """Three digits; what is below rounding is said to be 0."""
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) > ROUNDING else "0"
    return str(value)


def _size(value: Number) -> float:
    return 0.0 if isinstance(value, str) or value <= ROUNDING else float(value)


# ------------------------------------------------------------ parts


def _variant(console: Console, variant: Variant) -> None:
    _head(console, variant.words)
    if variant.shown is not None:
        _code(console, variant.shown)
    _report(console, _examined(console, variant.examine))


def _code(console: Console, shown: object) -> None:
    if "." in getattr(shown, "__qualname__", ""):
        console.print(Text(f"  in {owner_of(shown)}", "dim"))
    syntax = Syntax(code_of(shown), "python", theme=THEME, background_color="default", word_wrap=True)
    console.print(Padding(syntax, (0, 0, 0, 2), expand=False), width=_width(console))


def _difference(console: Console, lines: list[str]) -> None:
    styles = {"+": "green", "-": "red"}
    for line in lines:
        console.print(Text(f"    {line}", styles.get(line[:1], "dim")), soft_wrap=True)


def _report(console: Console, report: Report) -> None:
    print_report(report, console)


def _examined(console: Console, examine: Callable[[], Report]) -> Report:
    with _busy(console, "the doctor is looking at it ..."):
        return examine()


def _head(console: Console, name: str, call: str = "") -> None:
    console.print()
    line = Text(name, "bold")
    if call:
        line.append(f"   {call}", "cyan not bold")
    console.print(line, soft_wrap=True)


def _paragraph(console: Console, text: str) -> None:
    if text:
        console.print(text, highlight=False, width=_width(console), markup=False)


def _width(console: Console) -> int:
    return min(console.width, WIDEST)


def _can(console: Console, signs: str) -> bool:
    try:
        signs.encode(console.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


@contextmanager
def _busy(console: Console, what: str) -> Iterator[None]:
    """In a terminal, says what one waits for."""
    if not console.is_terminal:
        yield
        return
    with console.status(what):
        yield
