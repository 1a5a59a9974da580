"""`chainrule check FILE.py`: what is wrong in hand-written forward and backward code, and where."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from chainrule.doctor.waiting import waiting

from .console import console, say

if TYPE_CHECKING:
    from chainrule.doctor.discovery import Discovered, Found, NotStarted
    from chainrule.doctor.report import Finding, Report

HINTS = ("place", "cause", "fix")
UNUSABLE = 2


def check_command(
    file: Annotated[Path, typer.Argument(metavar="FILE.py", help="A Python file with your own code.")],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME...]", help="Only these classes or functions.")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Check again whenever the file changes; Ctrl-C ends it.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    hints: Annotated[
        str, typer.Option(metavar="place|cause|fix", help="How much is told: where, also why, or all.")
    ] = "fix",
    seed: Annotated[int, typer.Option(min=0, help="Of the random numbers that the doctor draws.")] = 0,
) -> None:
    """Finds the bug in your forward and backward code.

    Classes with forward and backward and pairs of functions are found in the file; arguments and shapes are
    guessed, and what was guessed is said. To say it yourself, write a function into the file:

    def check_attention(): return Attention(8, 2), np.random.default_rng(0).normal(size=(2, 5, 8))

    Exit status: 0 nothing found, 1 something is wrong, 2 nothing could be checked.
    """
    if hints not in HINTS:
        _unusable(f"--hints takes {', '.join(HINTS)}; not {hints!r}")
    if watch and as_json:
        _unusable("--watch shows a page that changes, --json prints one document: choose one")
    if watch:
        from .watch import watch_file

        watch_file(file, names or [], hints, seed)
        return
    discovered = open_file(file, names or [])
    reports = examine_all(discovered, hints, seed)
    if not as_json:
        print_notes(discovered)
        print_results(reports)
    if as_json:
        print(json.dumps(as_dict(discovered, reports), indent=2, default=str))
    else:
        print_end(discovered, reports)
    raise typer.Exit(exit_status(reports))


def open_file(file: Path, names: list[str]) -> Discovered:
    """What is in the file. Ends the program with status 2 where there is nothing to work with."""
    from chainrule.doctor.discovery import NotPython, discover

    try:
        with waiting(f"reading {file.name}"):
            discovered = discover(file, names)
    except (FileNotFoundError, NotPython, IsADirectoryError, PermissionError) as error:
        _unusable(str(error))
    known = {f.name for f in discovered.found} | {n.name for n in discovered.not_started}
    missing = [name for name in names if name not in known]
    if missing:
        everything = discover(file)
        names_there = [f.name for f in everything.found] + [n.name for n in everything.not_started]
        there = ", ".join(names_there) or "nothing to check"
        _unusable(f"{file} has no {', '.join(missing)}: there is {there}")
    return discovered


def examine_all(discovered: Discovered, hints: str, seed: int) -> list[tuple[Found, Report | str]]:
    """A report on everything that could be started."""
    from chainrule.doctor.discovery.blamed_parts import blame_parts
    from chainrule.doctor.discovery.conventions import excuse_parts
    from chainrule.doctor.discovery.losses_of_models import excuse_losses

    reports = [(found, examine(found, hints, seed)) for found in discovered.found]
    excuse_parts(reports)
    excuse_losses(reports, seed)
    blame_parts(reports)
    return reports


def examine(found: Found, hints: str, seed: int) -> Report | str:
    """The doctor's report; where the doctor itself fails, what happened."""
    from chainrule.doctor.check import check
    from chainrule.doctor.discovery.conventions import second_opinion

    try:
        with waiting(f"checking {found.name}"):
            report = check(found.subject, *found.inputs, **{"seed": seed, **found.kwargs})
            report = second_opinion(found, report, seed)
    except (Exception, SystemExit) as error:
        return f"{type(error).__name__}: {error}"
    report.name, report.hints = found.name, hints
    return report


def print_notes(discovered: Discovered) -> None:
    for note in discovered.notes:
        console.print(
            f"[yellow]{escape(discovered.path.name)}, {escape(note)}[/]", highlight=False, soft_wrap=True
        )


def print_results(reports: list[tuple[Found, Report | str]]) -> None:
    """All of them; what was said of a line already is not said again."""
    said: dict[tuple[str, str, int], str] = {}
    for found, report in reports:
        faults = [] if isinstance(report, str) or report.ok else [_fault(f) for f in report.findings]
        known = dict.fromkeys(said[fault] for fault in faults if fault in said)
        print_result(found, report, list(known) if faults and all(f in said for f in faults) else [])
        for fault in faults:
            said.setdefault(fault, found.name)


def _fault(finding: Finding) -> tuple[str, str, int]:
    """What makes two findings one: the same cause in the same line."""
    return (finding.code, finding.file, finding.line) if finding.line else (finding.code, "", id(finding))


def print_result(found: Found, report: Report | str, known: Sequence[str] = ()) -> None:
    """A heading, what was assumed, and the report. known: what has the same faults, and was shown."""
    where = f"  line {found.line}" if 0 < found.line < 10**6 else ""
    say(f"\n[bold]{escape(found.name)}[/][dim]{where}[/]")
    for line in [*found.assumed, *([] if isinstance(report, str) else report.assumed)]:
        say(f"  [dim]assumed {escape(line)}[/]")
    if is_unchecked(report):
        why = [report] if isinstance(report, str) else report.not_tested
        say(f"  [yellow]could not be checked:[/] {escape('; '.join(why))}")
        return
    assert not isinstance(report, str)
    if known:
        lines = ", ".join(dict.fromkeys(str(f.line) for f in report.findings))
        same = f"the fault that {' and '.join(known)} has, line {lines}"
        say(f"  [red]✗ {escape(same)}[/]: {escape(report.findings[0].place)}")
        return
    from chainrule.doctor.printing import print_report

    print_report(report, console)


def is_unchecked(report: Report | str) -> bool:
    """Whether no gradient at all could be looked at, although backward is written."""
    if isinstance(report, str):
        return True
    return not report.tested and not report.findings and not report.not_yet and bool(report.not_tested)


def print_end(discovered: Discovered, reports: list[tuple[Found, Report | str]]) -> None:
    """What could not be started and what to add, then all of it in one line."""
    waiting = [n for n in discovered.not_started if n.kind == "forward"]
    empty = [n for n in discovered.not_started if n.kind == "empty"]
    failed = not_started(discovered)
    for missing in failed:
        print_not_started(missing)
    for what, which in (("no backward yet", waiting), ("not written yet", empty)):
        if which:
            say(f"\n[dim]{what}: {escape(', '.join(n.name for n in which))}[/]")
    console.print()
    if not reports and not failed and (waiting or empty):
        say("nothing to check yet")
        return
    if not reports and not failed:
        say(f"nothing to check in {escape(str(discovered.path))}: no class has a forward and a "
            "backward, no functions are called x_forward and x_backward, and none returns a loss with "
            "gradients.")  # fmt: skip
        return
    say(summary(reports, len(failed)))
    if all(is_unchecked(report) for _, report in reports):
        say("Nothing could be checked: this says neither that the code is right nor that it is wrong.")


def not_started(discovered: Discovered) -> list[NotStarted]:
    """What should run and does not; code that is not written yet is none of it."""
    return [n for n in discovered.not_started if n.kind not in ("forward", "empty")]


def print_not_started(missing: NotStarted) -> None:
    say(f"\n[bold]{escape(missing.name)}[/]  [yellow]could not be started[/]")
    for why in missing.why:
        say(f"  [dim]{escape(why)}[/]")
    if missing.kind != "forward" and "def " in missing.add:
        sizes = ", with sizes that fit" if missing.add.startswith("def ") else ""
        say(f"  Add to the file{sizes}:\n")
        for line in missing.add.splitlines():
            say(f"      {escape(line)}")


def summary(reports: list[tuple[Found, Report | str]], failed: int) -> str:
    """`3 checked: 2 right, 1 wrong; 1 could not be started`."""
    done = [r for _, r in reports if not isinstance(r, str) and not is_unchecked(r)]
    unfinished = sum(r.ok and bool(r.not_yet) and not r.tested for r in done)
    right = sum(r.ok for r in done) - unfinished
    wrong = len(done) - right - unfinished
    faults = len({_fault(f) for r in done for f in r.findings})
    parts = [f"[bold]{len(done)} checked[/]"]
    if done:
        counts = [f"[green]{right} right[/]"] if right else []
        counts += [f"[red]{wrong} wrong[/] ({faults} fault{'s' * (faults != 1)})"] if wrong else []
        counts += [f"[yellow]{unfinished} not written yet[/]"] if unfinished else []
        parts[0] += f": {', '.join(counts)}"
    broken = len(reports) - len(done)
    parts += [f"[yellow]{failed} could not be started[/]"] if failed else []
    parts += [f"[yellow]{broken} could not be checked[/]"] if broken else []
    return "; ".join(parts)


def as_dict(discovered: Discovered, reports: list[tuple[Found, Report | str]]) -> dict[str, Any]:
    """Everything as plain data, for --json."""
    checked = []
    for found, report in reports:
        entry: dict[str, Any] = {
            "name": found.name,
            "kind": found.kind,
            "line": found.line,
            "assumed": found.assumed,
        }
        checked.append(
            {**entry, "error": report} if isinstance(report, str) else {**report.to_dict(), **entry}
        )
    return {
        "file": str(discovered.path),
        "ok": not exit_status(reports),
        "notes": discovered.notes,
        "checked": checked,
        "not_started": [
            {"name": n.name, "kind": n.kind, "why": n.why, "add": n.add} for n in discovered.not_started
        ],
    }


def exit_status(reports: list[tuple[Found, Report | str]]) -> int:
    """1 where something is wrong, 2 where nothing could be checked, else 0."""
    if all(is_unchecked(r) for _, r in reports):
        return UNUSABLE
    return int(any(isinstance(r, str) or not r.ok for _, r in reports))


def _unusable(message: str) -> Any:
    Console(stderr=True).print(f"[bold red]error:[/] {escape(message)}", highlight=False, soft_wrap=True)
    raise typer.Exit(UNUSABLE)


def newest(files: list[Path]) -> dict[Path, int]:
    """When each file was last written; 0 for one that is gone at the moment."""
    times = {}
    for file in files:
        try:
            times[file] = file.stat().st_mtime_ns
        except OSError:
            times[file] = 0
    return times


def wait_for_change(files: list[Path], seconds: float = 0.3) -> None:
    """Returns when one of the files was written."""
    before = newest(files)
    while newest(files) == before:
        time.sleep(seconds)
