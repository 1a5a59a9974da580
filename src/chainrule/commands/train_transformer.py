"""`chainrule train transformer`: the options, and what is said and written at the end."""

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
    shown,
    start,
)
from .translated import say_translated


def train_transformer_command(
    data: Annotated[
        str | None,
        typer.Option(
            help="dates (as people write them in many languages, into ISO form; no download), multi30k, "
            "multi30k-bpe, eng-fra, or a table FILE.tsv of your own: source, tab, target."
        ),
    ] = None,
    run: RunOption = None,
    resume: ResumeOption = False,
    preset: Annotated[
        str | None,
        typer.Option(help="A whole recipe: wu2021 (Wu et al. 2021, for multi30k-bpe; it takes hours)."),
    ] = None,
    tokens: Annotated[
        str | None, typer.Option(help="bpe (the default), chars (for dates), words, or pieces.")
    ] = None,
    vocabulary: Annotated[
        int | None, typer.Option(min=5, help="At most so many tokens, for both sides together; bpe: 8000.")
    ] = None,
    layers: Annotated[
        int | None,
        typer.Option(min=1, help="Of the encoder, and of the decoder: 3; dates 2, multi30k-bpe 4."),
    ] = None,
    d_model: Annotated[int | None, typer.Option(min=1, help="Numbers per token: 128; dates 64.")] = None,
    heads: Annotated[int | None, typer.Option(min=1, help="Of each attention: 4.")] = None,
    dim_feedforward: Annotated[
        int | None, typer.Option(min=1, help="Units of the feed-forward part: 256; dates 128.")
    ] = None,
    norm: Annotated[str | None, typer.Option(help="post (the paper's, the default), or pre.")] = None,
    dropout: Annotated[float | None, typer.Option(min=0.0, help="0.1; dates 0.")] = None,
    label_smoothing: Annotated[float | None, typer.Option(min=0.0, help="0.1; dates 0.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="10; dates 8.")] = None,
    max_tokens: Annotated[
        int | None, typer.Option(min=2, help="Per batch and side, padding included: 1024; dates 2048.")
    ] = None,
    lr: Annotated[float | None, typer.Option(help="The highest learning rate: 0.0025; dates 0.004.")] = None,
    schedule: Annotated[
        str | None, typer.Option(help="After the warm-up: linear (the default), cosine, or inverse-sqrt.")
    ] = None,
    warmup: Annotated[int | None, typer.Option(min=1, help="Steps: 400; dates 200.")] = None,
    max_norm: MaxNormOption = None,
    average: Annotated[
        int | None, typer.Option(min=0, help="Average the weights of so many last epochs: 3; 0: do not.")
    ] = None,
    patience: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many epochs without a better validation loss.")
    ] = None,
    beam: Annotated[
        int | None, typer.Option(min=1, help="Hypotheses kept while translating the test part: 5; dates 1.")
    ] = None,
    length_penalty: Annotated[
        float | None, typer.Option(min=0.0, help="Scores are divided by the length to this power: 1.")
    ] = None,
    threads: ThreadsOption = None,
    seed: SeedOption = None,
) -> None:
    """A Transformer learns to translate: encoder and decoder, as in "Attention Is All You Need".

    By default dates as people write them, in many languages, into ISO form: no download, under three minutes.
    """
    from chainrule.recipes.transformer import config_of, configure, train_transformer

    options = {
        "tokens": tokens, "vocabulary": vocabulary, "layers": layers, "d_model": d_model, "heads": heads,
        "dim_feedforward": dim_feedforward, "norm": norm, "dropout": dropout,
        "label_smoothing": label_smoothing, "epochs": epochs, "max_tokens": max_tokens, "lr": lr,
        "schedule": schedule, "warmup": warmup, "max_norm": max_norm, "average": average,
        "patience": patience, "beam": beam, "length_penalty": length_penalty, "threads": threads,
        "seed": seed,
    }  # fmt: skip
    if preset is not None:
        if resume:
            raise ValueError("--resume goes on with the run's own options: leave --preset out")
        options["preset"] = preset
    config, opened = start("transformer", configure, config_of, data, options, run, resume)
    say(f"[bold]transformer[/] on [bold]{escape(config.data)}[/] → {shown(opened)}")
    compile_twins(*TRANSFORMER_TWINS)
    result = finish("transformer", train_transformer, config, opened, resume)
    say_translated(result, opened)
