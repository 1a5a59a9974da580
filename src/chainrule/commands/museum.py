"""`chainrule museum`: faults to learn from. `chainrule museum CODE`: one of them, from symptom to repair."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table

from chainrule.doctor.waiting import waiting

from .console import console, say

if TYPE_CHECKING:
    from chainrule.doctor.museum import Specimen
    from chainrule.doctor.report import Report


def museum_command(
    code: Annotated[
        str | None,
        typer.Argument(metavar="CODE", help="A diagnosis, or one specimen; without it, all are listed."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All specimens, not only the first.")] = False,
) -> None:
    """Faulty code of every kind, with its symptom, the doctor's diagnosis and the repair.

    Without a code, lists the faults.
    """
    from chainrule.doctor.museum import specimens

    if code is None:
        _list(specimens())
        return
    chosen = specimens(code.replace("_", "-")) or [s for s in specimens() if s.name == code]
    # those that carry the code first come before those that merely may
    chosen.sort(key=lambda s: s.codes[0] != code.replace("_", "-"))
    if not chosen:
        known = sorted({c for s in specimens() for c in s.codes})
        near = difflib.get_close_matches(code, known, n=4, cutoff=0.4) or [c for c in known if code in c]
        hint = f"; near are {', '.join(near)}" if near else ""
        raise ValueError(f"the museum has nothing called {code!r}{hint}. `chainrule museum` lists all")
    shown = chosen if every else chosen[:1]
    for specimen in shown:
        _show(specimen)
    others = [s for s in chosen if s not in shown]
    if others:
        say(f"[bold]{len(others)} more of this kind[/] (--all shows them, chainrule museum NAME one)")
        for specimen in others:
            say(f"  {specimen.name}  [dim]{escape(specimen.title)}[/]")


def _list(all_: list[Specimen]) -> None:
    from chainrule.doctor.catalogue import CATALOGUE

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("code", no_wrap=True)
    table.add_column("specimens", justify="right")
    table.add_column("what happened", overflow="fold")
    first = [s.codes[0] for s in all_]
    for code in dict.fromkeys(first):
        table.add_row(f"[bold]{code}[/]", str(first.count(code)), CATALOGUE[code].cause)
    console.print(table)
    say(
        f"\n{len(all_)} specimens of {len(set(first))} faults. One of them: chainrule museum {first[0]}"
        if all_
        else "it is empty"
    )


def _show(specimen: Specimen) -> None:
    console.rule(f"[bold]{escape(specimen.codes[0])}[/]  [dim]{escape(specimen.style)}[/]", align="left")
    say(f"[bold]{escape(specimen.title)}[/]\n")
    for first, source in specimen.faulty_parts():
        lines = {line for line in specimen.fault_lines() if first <= line < first + len(source.splitlines())}
        highlighted = Syntax(
            source, "python", theme="ansi_dark", line_numbers=True, start_line=first, highlight_lines=lines,
            background_color="default", word_wrap=True,
        )  # fmt: skip
        console.print(highlighted)
    say(f"\n[bold]symptom[/]   {escape(specimen.symptom)}")
    say("\n[bold]diagnosis[/]")
    _report(_diagnosed(specimen, faulty=True))
    say(f"\n[bold]repair[/]    {escape(specimen.repair)}\n")
    difference = specimen.difference()
    if difference:
        diff = Syntax(
            "\n".join(difference), "diff", theme="ansi_dark", background_color="default", word_wrap=True
        )
        console.print(Padding(diff, (0, 0, 1, 2)))
    say("[bold]repaired, the doctor says[/]")
    _report(_diagnosed(specimen, faulty=False))
    console.print()


def _diagnosed(specimen: Specimen, faulty: bool) -> Report | str:
    from chainrule.doctor.museum import diagnose

    try:
        with waiting(f"examining {specimen.name}"):
            return diagnose(specimen.faulty() if faulty else specimen.correct())
    except Exception as error:
        return f"the doctor failed: {type(error).__name__}: {error}"


def _report(report: Report | str) -> None:
    from chainrule.doctor.printing import print_report

    if isinstance(report, str):
        say(f"[yellow]{escape(report)}[/]")
    else:
        print_report(report, console)
