"""`chainrule translate`: a trained Transformer translates, and shows where it looked."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from .console import console
from .runs import RunDirectory, Weights

if TYPE_CHECKING:
    from chainrule.generation import Translation
    from chainrule.recipes.translator import Translator


def translate_command(
    run: RunDirectory,
    texts: Annotated[
        list[str] | None, typer.Argument(metavar="[TEXT]...", help="None: the lines of standard input.")
    ] = None,
    beam: Annotated[int | None, typer.Option(min=1, help="As in training unless given; 1 is greedy.")] = None,
    n: Annotated[int, typer.Option("--n", min=1, help="So many of the best translations of each text.")] = 1,
    temperature: Annotated[
        float | None,
        typer.Option(min=0.0, help="Draw instead of searching: below 1 safer, above 1 wilder."),
    ] = None,
    top_k: Annotated[int | None, typer.Option(min=1, help="Draw only among the k likeliest.")] = None,
    top_p: Annotated[
        float | None, typer.Option(help="Draw only among the likeliest that have this probability together.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other draws.")] = 0,
    attention: Annotated[
        bool, typer.Option("--attention", help="Show where it looked for each token, here and as a picture.")
    ] = False,
    out: Annotated[
        Path, typer.Option(file_okay=False, help="The directory for the pictures of --attention.")
    ] = Path(),
    weights: Weights = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print texts and scores as JSON.")] = False,
) -> None:
    """Translates texts with a Transformer that was trained by `chainrule train transformer`."""
    from chainrule.recipes.translator import load_translator
    from chainrule.training import Run

    if texts is None and sys.stdin.isatty():
        raise ValueError(f'there is nothing to translate: chainrule translate {run} "a text"')
    translator = load_translator(Run.open(run), weights)
    lines = texts or sys.stdin.read().splitlines()
    if beam is not None and beam < n:
        raise ValueError(f"--beam {beam} finds at most {beam} translations of a text, and --n asks for {n}")
    drawing = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": seed}
    found = translator.translate(lines, max(translator.beam, n) if beam is None else beam, n=n, **drawing)
    if as_json:
        rows = [_as_json(line, best) for line, best in zip(lines, found, strict=True)]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for number, (line, best) in enumerate(zip(lines, found, strict=True), 1):
        print(best.text)
        for other in best.alternatives:
            print(f"  {other.text}  ({other.score:.3f}, the first {best.score:.3f})")
        for remark in translator.remarks(line):
            console.print(f"[dim]{escape(remark)}[/]", highlight=False)
        if attention and len(best.log_probabilities):
            _show_attention(translator, best, out / f"attention-{number}.png")


def _as_json(text: str, best: Translation) -> dict[str, object]:
    translations = [{"text": t.text, "score": t.score} for t in (best, *best.alternatives)]
    return {"source": text, "translations": translations}


def _show_attention(translator: Translator, translation: Translation, path: Path) -> None:
    """The mean over all layers and heads: in the terminal, and as a picture."""
    from chainrule.generation import Alignment, alignment_text
    from chainrule.training.pictures import alignment

    shown = Alignment.of(translator.model, translation, translator.tokenizer, translator.tokenizer)
    console.print(alignment_text(shown, console.width), highlight=False, markup=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    alignment(*shown, path)
    console.print(f"[dim]picture:[/] {escape(str(path))}", highlight=False)
