"""`chainrule train names`: the options, and what is said at the end."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from .console import say
from .training import (
    MaxNormOption,
    ResumeOption,
    RunOption,
    SeedOption,
    compile_twins,
    finish,
    say_classified,
    shown,
    start,
)


def train_names_command(
    data: Annotated[
        str | None,
        typer.Option(
            help="names-by-language (surnames of 18 languages), a folder with one file LABEL.txt per label, "
            "or a table (.tsv, .csv) of names and labels."
        ),
    ] = None,
    run: RunOption = None,
    resume: ResumeOption = False,
    cell: Annotated[str | None, typer.Option(help="gru (the default), lstm, or rnn.")] = None,
    layers: Annotated[int | None, typer.Option(min=1, help="1 by default.")] = None,
    hidden: Annotated[
        int | None, typer.Option(min=1, help="Numbers in the state of a layer and direction: 128.")
    ] = None,
    bidirectional: Annotated[
        bool | None,
        typer.Option(
            "--bidirectional/--forward", help="Read names in both directions (the default), or one."
        ),
    ] = None,
    embedding: Annotated[int | None, typer.Option(min=1, help="Numbers per character: 64.")] = None,
    dropout: Annotated[float | None, typer.Option(min=0.0, help="0.5 by default.")] = None,
    class_weights: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            help="How much more rare classes weigh: 0 (the default) not at all, 1 in inverse proportion.",
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="10 by default.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="64 by default.")] = None,
    lr: Annotated[float | None, typer.Option(help="The highest learning rate: 0.003.")] = None,
    weight_decay: Annotated[float | None, typer.Option(min=0.0, help="0 by default.")] = None,
    validation: Annotated[
        float | None,
        typer.Option(min=0.0, max=0.9, help="The share of the training names kept for validation: 0.1."),
    ] = None,
    max_norm: MaxNormOption = None,
    seed: SeedOption = None,
) -> None:
    """A recurrent network guesses where a name comes from: one sequence in, one class out.

    By default surnames of 18 languages, from $CHAINRULE_DATA/names-by-language or downloaded (0.2 MB).
    """
    from chainrule.recipes.names import config_of, configure, train_names

    options = {
        "cell": cell, "layers": layers, "hidden": hidden, "bidirectional": bidirectional,
        "embedding": embedding, "dropout": dropout, "class_weights": class_weights, "epochs": epochs,
        "batch_size": batch_size, "lr": lr, "weight_decay": weight_decay, "validation": validation,
        "max_norm": max_norm, "seed": seed,
    }  # fmt: skip
    config, opened = start("names", configure, config_of, data, options, run, resume)
    say(f"[bold]{config.cell}[/] on [bold]{escape(config.data)}[/] → {shown(opened)}")
    compile_twins(config.cell, "adam", "cross_entropy", "dropout")
    say_classified(finish("names", train_names, config, opened, resume), opened, "names", "NAME...")
