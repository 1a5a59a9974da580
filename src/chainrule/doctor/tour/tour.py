"""The runner: which stops, and when it waits."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.text import Text

from .show import show_stop
from .stops import STOPS

INTRODUCTION = (
    "Somebody wrote a convolutional network, a recurrent one and a Transformer by hand, and published what "
    "went wrong (J R Jahed, Deep Learning from Scratch, 2025). Eight bugs cost hours or nights each, and no "
    "assistant found them. Here they are again, in other code: what one sees in training, the verdict, the "
    "proof, the repair."
)
SOURCE = "After J R Jahed, Deep Learning from Scratch, 2025, where each of these bugs cost hours or nights."


class Stopped(Exception):
    """The reader has seen enough."""


def describe(console: Console) -> None:
    """The list of all stops."""
    for stop in STOPS:
        line = (
            Text(f"{stop.number}  ", "bold").append(stop.title).append(f"   {stop.codes[0]}", "dim not bold")
        )
        console.print(line, soft_wrap=True)
    console.print("\nchainrule tour 3 shows the third alone.", style="dim", highlight=False)


def run_tour(console: Console, number: int | None = None, pauses: bool = True) -> None:
    """All stops, or one. Waits for Enter only where a person sits at a terminal.

    Raises ValueError if there is no such stop.
    """
    stops = [stop for stop in STOPS if number in (None, stop.number)]
    if not stops:
        raise ValueError(f"there is no stop {number}: there are 1 to {len(STOPS)}, see chainrule tour --list")
    waits = pauses and console.is_terminal and sys.stdin is not None and sys.stdin.isatty()

    def pause(before: str) -> None:
        if waits and console.input(f"\n[dim]Enter: {before}; q: stop[/] ").strip().lower().startswith("q"):
            raise Stopped

    introduction = INTRODUCTION if number is None else SOURCE
    console.print(f"{introduction}\n", highlight=False, markup=False, style="dim" if number else None)
    try:
        for stop in stops:
            show_stop(stop, len(STOPS), console, pause)
            if stop is not stops[-1]:
                pause(f"the next one, {STOPS[stop.number].title.lower()}")
    except (Stopped, EOFError):
        return
    if number is None:
        console.print(
            "Now yours: chainrule check FILE.py. More specimens: chainrule museum.",
            style="bold",
            highlight=False,
        )
