"""Runs a lab on the command line: the question, a bar while it works, the answer, the picture."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markdown import Markdown
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from .lab import Lab, Watch, parse_options


class Bar(Watch):
    """A bar on the terminal; nothing where there is none."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.task = progress.add_task("preparing", total=None)

    def begin(self, total: int) -> None:
        self.progress.update(self.task, total=total)

    def advance(self, doing: str) -> None:
        self.progress.update(self.task, advance=1, description=doing)


def one_thread() -> AbstractContextManager[Any]:
    """Several threads hardly multiply small matrices faster; far slower, if other programs run too.

    (threadpoolctl comes with scikit-learn, and that with the digits.)
    """
    try:
        threadpool_limits = import_module("threadpoolctl").threadpool_limits
    except ImportError:
        return nullcontext()
    limits: AbstractContextManager[Any] = threadpool_limits(1)
    return limits


def run_lab(
    name: str,
    out: str | Path,
    seed: int,
    console: Console,
    settings: Sequence[str] = (),
    full: bool = False,
) -> Any:
    """Runs lab `name`, with switches such as "depth=3"; leaves `out`/NAME.png and returns what was found.

    full: the lab's long experiment; what `settings` say still counts.

    Raises KeyError that lists the labs, or ValueError that lists the switches, or the labs that have a long
    experiment. The picture is written last, and all of it or nothing: who stops the experiment (Ctrl-C) finds
    the directory as it was.
    """
    from . import LABS

    if name not in LABS:
        raise KeyError(f"there is no lab {name!r}: choose one of {', '.join(LABS)}")
    lab: Lab[Any, Any] = LABS[name]
    if full and not lab.full:
        long = ", ".join(name for name, other in LABS.items() if other.full)
        raise ValueError(f"the lab {name!r} has no long experiment: --full is for {long}")
    options = parse_options(lab.options, [*lab.full, *settings] if full else settings)
    path = Path(out) / f"{name}.png"
    console.print(f"[bold]{lab.question}[/]\n", highlight=False)
    left = TextColumn("left:"), TimeRemainingColumn()
    columns = BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), *left
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    with one_thread(), bar as progress:
        findings = lab.experiment(options, seed, Bar(progress))
    console.print(Markdown(lab.answer(findings)))
    lab.picture(findings, path)
    console.print(f"\npicture: {path}", highlight=False, soft_wrap=True)
    return findings
