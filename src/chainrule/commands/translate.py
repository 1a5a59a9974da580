"""`chainrule translate`: a trained Transformer translates, and shows where it looked."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from .console import console, say
from .runs import RunDirectory

if TYPE_CHECKING:
    from chainrule.generation import Translation
    from chainrule.recipes.translator import Translator


def translate_command(
    run: RunDirectory,
    texts: Annotated[
        list[str] | None, typer.Argument(metavar="[TEXT]...", help="None: one per line from standard input.")
    ] = None,
    beam: Annotated[int | None, typer.Option(min=1, help="As in training unless given; 1 is greedy.")] = None,
    best: Annotated[int, typer.Option(min=1, help="How many translations of each text, at most beam.")] = 1,
    attention: Annotated[
        bool, typer.Option("--attention", help="Show where each token looked, here and as a picture.")
    ] = False,
    out: Annotated[
        Path, typer.Option(help="Where the pictures of --attention go.", file_okay=False)
    ] = Path("."),
    weights: Annotated[
        str | None,
        typer.Option(help="'last', 'best' or 'average'; by default those the result was measured with."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Translates texts with a trained Transformer."""
    from chainrule.recipes.translator import load_translator
    from chainrule.training import Run

    translator = load_translator(Run.open(run), weights)
    lines = texts if texts else [line.rstrip("\n") for line in sys.stdin]
    if not lines:
        raise ValueError('there is nothing to translate: chainrule translate RUN "a text"')
    if best > (beam or translator.beam):
        beam = best
    found = translator.translate(lines, beam, n=best)
    if as_json:
        rows = [
            {"source": text, "translations": [{"text": t.text, "score": t.score} for t in several(each)]}
            for text, each in zip(lines, found, strict=True)
        ]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for number, (text, each) in enumerate(zip(lines, found, strict=True), 1):
        for i, translation in enumerate(several(each)):
            print(translation.text if best == 1 else f"{i + 1}. {translation.text}  ({translation.score:.3f})")
        if unknown := translator.tokenizer.unknown(text):
            console.print(
                f"[dim]read as unknown, since training had none of it:[/] {escape(' '.join(unknown))}",
                highlight=False,
            )
        if attention:
            show_attention(translator, several(each)[0], out / f"attention-{number}.png")
