"""`chainrule generate`: a trained model writes, character by character."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def generate_command(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The directory of a run that writes text.")],
    prompt: Annotated[
        str | None, typer.Option(help="What the text begins with; a line break unless given.")
    ] = None,
    count: Annotated[int, typer.Option(min=0, help="How many characters.")] = 500,
    temperature: Annotated[
        float, typer.Option(min=0.0, help="Below 1 safer, above 1 wilder; 0: always the likeliest.")
    ] = 0.8,
    top_k: Annotated[int | None, typer.Option(min=1, help="Only among the k likeliest.")] = None,
    top_p: Annotated[
        float | None, typer.Option(help="Only among the likeliest that have this probability together.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another text.")] = 0,
    weights: Annotated[
        str, typer.Option(help="'last': from the end of training; 'best': with the best validation loss.")
    ] = "last",
) -> None:
    """Writes on from a prompt, each character as soon as it is drawn. Ctrl-C stops."""
    from chainrule.generation import generate_text
    from chainrule.recipes.writers import load_writer, usual_prompt
    from chainrule.training import Run

    model, vocabulary = load_writer(Run.open(run), weights)
    prompt = usual_prompt(vocabulary) if prompt is None else prompt
    pieces = generate_text(
        model, vocabulary, prompt, count, temperature=temperature, top_k=top_k, top_p=top_p, seed=seed
    )
    try:
        sys.stdout.write(prompt.removeprefix("\n"))
        for piece in pieces:
            sys.stdout.write(piece)
            sys.stdout.flush()
        sys.stdout.write("\n")
    except KeyboardInterrupt:
        sys.stdout.write("\n")
        raise typer.Exit(130) from None
