"""`chainrule predict`: what a trained model says about images, or names, that it has never seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from .console import console, say
from .runs import RunDirectory, Weights

if TYPE_CHECKING:
    from chainrule.functions.arrays import Array


def predict_command(
    run: RunDirectory,
    inputs: Annotated[
        list[str], typer.Argument(metavar="IMAGE...|NAME...", help="Image files; or names, as they are.")
    ],
    weights: Weights = "last",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print probabilities of all classes as JSON.")
    ] = False,
) -> None:
    """What is on these images? Where do these names come from? Prints the three likeliest classes of each.

    A name's character that fewer than two names of the training data had is read as unknown, and said to be.
    """
    from chainrule.recipes.kinds import recipe_of
    from chainrule.recipes.trained import load_trained
    from chainrule.recipes.trained_names import load_trained_names
    from chainrule.training import Run

    opened = Run.open(run)
    recipe, unknown = recipe_of(opened), ""
    if recipe == "rnn":
        raise ValueError(
            f"{run} writes text and has no classes to choose from: chainrule generate {run} --prompt ..."
        )
    if recipe == "names":
        trained_names = load_trained_names(opened, weights)
        probabilities, classes = trained_names.predict(inputs), trained_names.classes
        unknown = trained_names.unknown(inputs)
    else:
        trained = load_trained(opened, weights)
        probabilities, classes = trained.predict([Path(image) for image in inputs]), trained.classes
    if as_json:
        rows = [dict(zip(classes, map(float, row), strict=True)) for row in probabilities]
        print(json.dumps(dict(zip(inputs, rows, strict=True)), indent=2))
        return
    _say_likeliest("name" if recipe == "names" else "image", inputs, classes, probabilities)
    if unknown:
        say(f"[dim]characters that training hardly met, read as unknown:[/] {escape(' '.join(unknown))}")


def _say_likeliest(what: str, inputs: list[str], classes: tuple[str, ...], probabilities: Array) -> None:
    table = Table(box=None, header_style="bold")
    for column in (what, "is", "or", "or")[: 1 + len(classes)]:
        table.add_column(column, overflow="fold")  # a long path is no use when it is cut off
    for given, row in zip(inputs, probabilities, strict=True):
        best = row.argsort()[::-1][:3]
        table.add_row(escape(given), *(f"{escape(classes[i])} ({row[i]:.1%})" for i in best))
    console.print(table)
