"""`chainrule lab`: one question, one experiment, one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import console, say


def lab_command(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Which experiment; without a name, all are listed.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the picture goes: OUT/NAME.png.")] = Path("labs"),
    seed: Annotated[
        int, typer.Option(help="Weights, order and masks follow from it: another seed, another run.")
    ] = 0,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="SWITCH=VALUE", help="Try it the other way; may be given several times."
        ),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="The long experiment, in labs that have one (see the list).")
    ] = False,
) -> None:
    """One question, one experiment, one picture, and an answer in plain words.

    Without a name, lists the questions and the switches of each. To try one the other way:

    chainrule lab one-class --set activation=sigmoid --set depth=4
    """
    from chainrule.labs import LABS, describe, run_lab

    if name is None:
        for key, entry in LABS.items():
            say(f"[bold]chainrule lab {key}[/]   {entry.question}")
            console.print(describe(entry.options), highlight=False, soft_wrap=True, style="dim")
            if entry.full:
                console.print(f"  --full: {' '.join(entry.full)}", highlight=False, style="dim")
            console.print()
        console.print("Every switch: --set NAME=VALUE", highlight=False)
        return
    try:
        run_lab(name, out, seed, console, settings or [], full)
    except KeyboardInterrupt:
        console.print("[yellow]stopped[/]; nothing was written")
        raise typer.Exit(130) from None
