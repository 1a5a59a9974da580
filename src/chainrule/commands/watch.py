"""`chainrule check FILE.py --watch`: the page turns green piece by piece."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from .check import (
    examine_all,
    is_unchecked,
    not_started,
    open_file,
    print_not_started,
    print_notes,
    print_results,
    summary,
    wait_for_change,
)
from .console import console, say

if TYPE_CHECKING:
    from chainrule.doctor.discovery import Discovered, Found
    from chainrule.doctor.report import Report


NOT_YET = {"forward": "no backward yet", "empty": "not written yet"}


def watch_file(file: Path, names: list[str], hints: str, seed: int) -> None:
    """Checks the file, and again after each change of it or of what it imports beside it, until Ctrl-C."""
    open_file(file, [])  # a file that cannot be used at all is said at once
    files = [file]
    try:
        while True:
            files = _round(file, names, hints, seed, files)
            wait_for_change(files)
            time.sleep(0.05)  # an editor may write in two steps
    except KeyboardInterrupt:
        Console(stderr=True).print("\nno longer watching", style="dim")


def _round(file: Path, names: list[str], hints: str, seed: int, files: list[Path]) -> list[Path]:
    """One check of everything; returns the files to watch."""
    from chainrule.doctor.discovery import NotPython, discover

    try:
        discovered = discover(file, names)
    except (FileNotFoundError, NotPython) as error:  # in the middle of an edit
        _clear(file)
        say(f"[yellow]{escape(str(error))}[/]")
        return files
    reports = examine_all(discovered, hints, seed)
    _clear(file)
    print_notes(discovered)
    _print_lines(discovered, reports)
    print_results(
        [
            (found, report)
            for found, report in reports
            if is_unchecked(report) or isinstance(report, str) or not report.ok
        ]
    )
    failed = not_started(discovered)
    for missing in failed:
        print_not_started(missing)
    say(f"\n{summary(reports, len(failed))}")
    return discovered.files


def _clear(file: Path) -> None:
    console.clear()
    say(f"[dim]{time.strftime('%H:%M:%S')}  watching {escape(str(file))}; Ctrl-C ends it[/]\n")


def _print_lines(discovered: Discovered, reports: list[tuple[Found, Report | str]]) -> None:
    """One line for each: right, wrong and why, or not yet there."""
    names = [f.name for f in discovered.found] + [n.name for n in discovered.not_started]
    width = max(map(len, names), default=0)
    for found, report in reports:
        name = escape(found.name.ljust(width))
        if is_unchecked(report) or isinstance(report, str):
            say(f"[yellow]? {name}[/]  could not be checked")
        elif report.ok and report.not_yet:
            sign = "[green]✓" if report.tested else "[yellow]·"
            say(f"{sign} {name}[/]  [dim]{escape(', '.join(report.not_yet))} not yet[/]")
        elif report.ok:
            say(f"[green]✓ {name}[/]")
        else:
            codes = (
                ", ".join(dict.fromkeys(f.code for f in report.findings))
                if report.hints != "place"
                else "wrong"
            )
            say(f"[red]✗ {name}[/]  {escape(codes)}")
    for missing in discovered.not_started:
        why = NOT_YET.get(missing.kind, "could not be started")
        say(f"[yellow]· {escape(missing.name.ljust(width))}[/]  [dim]{why}[/]")
