"""`chainrule predict`: what a trained model says about images, names or texts that it has never seen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .console import console
from .runs import RunDirectory, Weights

if TYPE_CHECKING:
    from chainrule.functions.arrays import Array


def predict_command(
    run: RunDirectory,
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="IMAGE...|NAME...|TEXT...", help="Image files; or names or texts, as they are."
        ),
    ],
    weights: Weights = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print probabilities of all classes as JSON.")
    ] = False,
) -> None:
    """What is on these images? Where do these names come from? Is this review for or against? Prints the
    three likeliest classes of each.

    A name's character, or a text's word, that fewer than two names or texts of the training data had is read
    as unknown, and said to be.
    """
    from chainrule.recipes.answering import load_answering
    from chainrule.recipes.kinds import usual_weights
    from chainrule.training import Run

    opened = Run.open(run)
    trained = load_answering(opened, weights or usual_weights(opened))
    probabilities, remarks = trained.predict(inputs), trained.remarks(inputs)
    if as_json:
        rows = [dict(zip(trained.classes, map(float, row), strict=True)) for row in probabilities]
        print(json.dumps(dict(zip(inputs, rows, strict=True)), indent=2, ensure_ascii=False))
    else:
        _say_likeliest(trained.what, inputs, trained.classes, probabilities)
    where = Console(stderr=True) if as_json else console
    for remark in remarks:
        where.print(f"[dim]{escape(remark)}[/]", highlight=False, soft_wrap=True)


def _say_likeliest(what: str, inputs: list[str], classes: tuple[str, ...], probabilities: Array) -> None:
    table = Table(box=None, header_style="bold")
    for column in (what, "is", "or", "or")[: 1 + len(classes)]:
        table.add_column(column, overflow="fold")  # a long path is no use when it is cut off
    for given, row in zip(inputs, probabilities, strict=True):
        best = row.argsort()[::-1][:3]
        table.add_row(escape(given), *(f"{escape(classes[i])} ({row[i]:.1%})" for i in best))
    console.print(table)
