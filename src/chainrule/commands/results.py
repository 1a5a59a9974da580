"""`chainrule results`: several runs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from .console import console

# the figures that are shown, if all runs have them; those whose spread is of interest; how each is written
MEASURES = {
    "test_accuracy": "{:.2%}",
    "balanced_accuracy": "{:.2%}",
    "test_loss": "{:.4f}",
    "bits_per_character": "{:.3f}",
    "perplexity": "{:.2f}",
}
COSTS = {"parameters": "{:,.0f}", "epochs": "{:.0f}", "seconds": "{:.0f}"}


def results_command(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Directories of finished runs.")],
) -> None:
    """The final figures of several runs side by side, with their mean and standard deviation.

    Shown are the figures that all of them have: accuracy of images and names, loss per character of texts.
    """
    import statistics

    from chainrule.training import Run

    figures = [Run.open(run).read_json("result.json") for run in runs]
    columns = {
        name: form for name, form in (MEASURES | COSTS).items() if all(name in result for result in figures)
    }
    table = Table(box=None, header_style="bold")
    table.add_column("run", overflow="fold")
    for column in columns:
        table.add_column(column.replace("_", " "), justify="right")

    def row(name: str, values: dict[str, Any], names: dict[str, str]) -> None:
        table.add_row(name, *(form.format(values[column]) for column, form in names.items()))

    for path, result in zip(runs, figures, strict=True):
        row(escape(str(path)), result, columns)
    if len(figures) > 1:
        of_each = {name: [result[name] for result in figures] for name in columns}
        row("mean", {name: statistics.mean(values) for name, values in of_each.items()}, columns)
        spread = {name: statistics.stdev(values) for name, values in of_each.items()}
        row("standard deviation", spread, {n: form for n, form in columns.items() if n in MEASURES})
    console.print(table)
