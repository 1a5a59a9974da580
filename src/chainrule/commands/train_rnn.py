"""`chainrule train rnn`: the options, and what is said and written at the end."""

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
    ThreadsOption,
    compile_twins,
    finish,
    shown,
    start,
)
from .written import say_written


def train_rnn_command(
    data: Annotated[
        str | None,
        typer.Option(help="python-docs (English, comes with Python), tinyshakespeare, or a text file."),
    ] = None,
    run: RunOption = None,
    resume: ResumeOption = False,
    cell: Annotated[str | None, typer.Option(help="lstm (the default), gru, or rnn.")] = None,
    layers: Annotated[int | None, typer.Option(min=1, help="1; tinyshakespeare 2.")] = None,
    hidden: Annotated[int | None, typer.Option(min=1, help="Numbers in the state of a layer: 256.")] = None,
    embedding: Annotated[int | None, typer.Option(min=1, help="Numbers per character: 64.")] = None,
    tied: Annotated[
        bool | None, typer.Option("--tied", help="One table for reading and predicting characters.")
    ] = None,
    dropout: Annotated[float | None, typer.Option(min=0.0, help="0; tinyshakespeare 0.2.")] = None,
    recurrent_init: Annotated[
        str | None, typer.Option(help="orthogonal (the default), torch, or identity.")
    ] = None,
    forget_bias: Annotated[
        float | None, typer.Option(help="lstm: the forget gate's bias at the beginning.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="8; tinyshakespeare 12.")] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Places of the text side by side: 32.")
    ] = None,
    time: Annotated[
        int | None, typer.Option(min=1, help="Characters after which the gradient is cut: 64.")
    ] = None,
    lr: Annotated[float | None, typer.Option(help="The highest learning rate: 0.004.")] = None,
    max_norm: MaxNormOption = None,
    threads: ThreadsOption = None,
    seed: SeedOption = None,
) -> None:
    """A recurrent network learns to write, character by character.

    By default English text that every Python contains: no download, under two minutes.
    """
    from chainrule.recipes.rnn import config_of, configure, train_rnn

    options = {
        "cell": cell, "layers": layers, "hidden": hidden, "embedding": embedding, "tied": tied,
        "dropout": dropout, "recurrent_init": recurrent_init, "forget_bias": forget_bias, "epochs": epochs,
        "batch_size": batch_size, "time": time, "lr": lr, "max_norm": max_norm, "threads": threads,
        "seed": seed,
    }  # fmt: skip
    config, opened = start("rnn", configure, config_of, data, options, run, resume)
    say(f"[bold]{config.cell}[/] on [bold]{escape(config.data)}[/] → {shown(opened)}")
    compile_twins(config.cell, "adam", "cross_entropy", "dropout")
    result = finish("rnn", train_rnn, config, opened, resume)
    say_written(result, opened)
