"""What is said about a model that translates: at the end of its training, and later."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from .console import console, say
from .training import shown

if TYPE_CHECKING:
    from chainrule.training import Run

EXAMPLES = 5


def say_translated(result: dict[str, Any], run: Run) -> None:
    """At the end of a training: some translations, the figures of the test part, and how to go on."""
    with (run.path / "translations.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, dialect="excel-tab"))
    columns = ("source", "reference", "translation")
    table = Table(box=None, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows[:: max(1, len(rows) // EXAMPLES)][:EXAMPLES]:
        table.add_row(*(escape(row[column]) for column in columns))
    console.print(table)
    say(
        f"\n{quality_of_translation(result, 'bold green')}; {result['parameters']:,} parameters, "
        f"{result['seconds']:.1f} s of training"
    )
    if result["left_out"]:
        say(f"[dim]{result['left_out']:,} training pairs were left out: empty, or too long[/]")
    say(f"picture and all translations: {shown(run)}/learning_curves.png, translations.tsv")
    say(f'next: chainrule translate {shown(run)} "{escape(rows[0]["source"])}" --attention')


def quality_of_translation(figures: dict[str, Any], style: str = "bold") -> str:
    """The figures of the test part. (BLEU counts runs of four words, so of dates or single words it is 0.)"""
    return (
        f"exact match [{style}]{figures['exact_match']:.2%}[/] of {figures['test_pairs']:,} test pairs, "
        f"BLEU [{style}]{figures['bleu']:.2f}[/], chrF {figures['chrf']:.2f}, "
        f"test loss {figures['test_loss']:.4f} nats per token"
    )
