"""`chainrule tour`: eight historical bugs, trained, named, proved and repaired."""

from __future__ import annotations

from typing import Annotated

import typer

from .console import console


def tour_command(
    number: Annotated[
        int | None, typer.Argument(metavar="[N]", help="Only this stop, 1 to 8.", show_default=False)
    ] = None,
    no_pause: Annotated[bool, typer.Option("--no-pause", help="Do not wait for Enter.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the stops and end.")] = False,
) -> None:
    """Eight bugs that cost somebody nights: the symptom in training, the verdict, the proof, the repair.

    Every stop trains the faulty code and its repaired twin for some seconds, then asks the doctor.
    """
    from chainrule.doctor.tour import describe, run_tour

    if listed:
        describe(console)
        return
    try:
        run_tour(console, number, pauses=not no_pause)
    except KeyboardInterrupt:
        console.print("\n[yellow]stopped[/]")
        raise typer.Exit(130) from None
