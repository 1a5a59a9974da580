"""`chainrule train classify`: the options, and what is said at the end."""

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
    SeedOption,
    ThreadsOption,
    compile_twins,
    finish,
    say_classified,
    shown,
    start,
)


def train_classify_command(
    data: Annotated[
        str | None,
        typer.Option(
            help="languages (phrases of 20 languages, embedded), sst2 (film reviews, for or against), or a "
            "table (.tsv, .csv) of labels and texts."
        ),
    ] = None,
    run: RunOption = None,
    resume: ResumeOption = False,
    tokens: Annotated[str | None, typer.Option(help="words, chars or bpe: words; languages bpe.")] = None,
    min_frequency: Annotated[
        int | None,
        typer.Option("--min-frequency", min=1, help="Rarer tokens are read as unknown: 2; languages 8."),
    ] = None,
    max_length: Annotated[
        int | None, typer.Option("--max-length", min=1, help="Tokens of a text that are read: 256.")
    ] = None,
    layers: Annotated[int | None, typer.Option(min=1, help="2; sst2 3.")] = None,
    heads: Annotated[int | None, typer.Option(min=1, help="Attentions side by side: 4.")] = None,
    d_model: Annotated[
        int | None, typer.Option("--d-model", min=1, help="Numbers per token, in all layers: 64.")
    ] = None,
    dropout: Annotated[float | None, typer.Option(min=0.0, help="0.3 by default.")] = None,
    token_dropout: Annotated[
        float | None, typer.Option("--token-dropout", min=0.0, help="The share of hidden tokens: 0.1.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="10; sst2 2.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Texts per step: 64; sst2 128.")] = None,
    lr: Annotated[float | None, typer.Option(help="The highest learning rate: 0.002; sst2 0.0015.")] = None,
    weight_decay: Annotated[float | None, typer.Option(min=0.0, help="Of matrices: 0.01.")] = None,
    validation: Annotated[
        float | None,
        typer.Option(min=0.0, max=0.9, help="The share of the texts kept for validation, if none is: 0.1."),
    ] = None,
    max_norm: MaxNormOption = None,
    threads: ThreadsOption = None,
    seed: SeedOption = None,
) -> None:
    """A Transformer learns to tell texts apart: one text in, one class out.

    By default phrases of 20 languages that come with the package Babel: no download. sst2: from
    $CHAINRULE_DATA/sst2 or downloaded (4 MB).

    A table has one text per line, LABEL<TAB>TEXT (or with a comma, .csv); a first line such as
    "text<TAB>label" may say that the columns stand the other way round. A fifth of every class is for
    testing.
    """
    from chainrule.recipes.classify import config_of, configure, train_classify

    options = {
        "tokens": tokens, "min_frequency": min_frequency, "max_length": max_length, "layers": layers,
        "heads": heads, "d_model": d_model, "dropout": dropout, "token_dropout": token_dropout,
        "epochs": epochs, "batch_size": batch_size, "lr": lr, "weight_decay": weight_decay,
        "validation": validation, "max_norm": max_norm, "threads": threads, "seed": seed,
    }  # fmt: skip
    config, opened = start("classify", configure, config_of, data, options, run, resume)
    say(
        f"[bold]Transformer[/] of {config.layers} layers, on the {config.tokens} of "
        f"[bold]{escape(config.data)}[/] → {shown(opened)}"
    )
    compile_twins(*TRANSFORMER_TWINS)
    result = finish("classify", train_classify, config, opened, resume)
    say_classified(result, opened, "texts", '"..."')
