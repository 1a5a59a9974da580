"""`chainrule train lm`: the options."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from .console import say
from .training import (
    TRANSFORMER_TWINS,
    MaxNormOption,
    ResumeOption,
    RunOption,
    ThreadsOption,
    compile_twins,
    finish,
    shown,
    start,
)
from .written import say_written


def train_lm_command(
    data: Annotated[
        str | None,
        typer.Option(help="python-docs (English, comes with Python), tinyshakespeare, or a text file."),
    ] = None,
    run: RunOption = None,
    resume: ResumeOption = False,
    layers: Annotated[int | None, typer.Option(min=1, help="4 by default.")] = None,
    heads: Annotated[int | None, typer.Option(min=1, help="Attentions side by side: 4.")] = None,
    d_model: Annotated[
        int | None, typer.Option("--d-model", min=1, help="Numbers per character, in all layers: 128.")
    ] = None,
    context: Annotated[
        int | None, typer.Option(min=1, help="How many characters back the model looks: 64.")
    ] = None,
    positions: Annotated[
        str | None, typer.Option(help="learned (the default), sinusoidal, rotary, or none.")
    ] = None,
    dropout: Annotated[float | None, typer.Option(min=0.0, help="0 by default.")] = None,
    iterations: Annotated[
        int | None, typer.Option(min=1, help="Steps of training: 1,000; tinyshakespeare 2,000.")
    ] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Windows of the text per step: 12.")] = None,
    lr: Annotated[float | None, typer.Option(help="The highest learning rate: 0.001.")] = None,
    weight_decay: Annotated[float | None, typer.Option(min=0.0, help="Of matrices: 0.1.")] = None,
    max_norm: MaxNormOption = None,
    threads: ThreadsOption = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Weights, windows and dropout follow from it: 0.")
    ] = None,
) -> None:
    """A Transformer (a small GPT) learns to write, character by character.

    By default English text that every Python contains: no download, under two minutes. After every 250
    iterations (an "epoch") the validation part is looked at and a checkpoint written.
    """
    from chainrule.recipes.language_model import config_of, configure, train_lm

    options = {
        "layers": layers, "heads": heads, "d_model": d_model, "context": context, "positions": positions,
        "dropout": dropout, "iterations": iterations, "batch_size": batch_size, "lr": lr,
        "weight_decay": weight_decay, "max_norm": max_norm, "threads": threads, "seed": seed,
    }  # fmt: skip
    config, opened = start("lm", configure, config_of, data, options, run, resume)
    say(
        f"[bold]Transformer[/] of {config.layers} layers, {config.iterations:,} iterations on "
        f"[bold]{escape(config.data)}[/] → {shown(opened)}"
    )
    compile_twins(*TRANSFORMER_TWINS)
    say_written(finish("lm", train_lm, config, opened, resume), opened)
