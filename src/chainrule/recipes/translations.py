"""What a trained model made of the test part, as a table to read through: translations.tsv."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from chainrule.generation import Translation
from chainrule.training.files import atomic


def write_translations(
    path: Path, sources: Sequence[str], references: Sequence[str], translations: Sequence[Translation]
) -> None:
    """One line per pair: source, what was expected, what came, and its score."""
    table = io.StringIO()
    writer = csv.writer(table, dialect="excel-tab", lineterminator="\n")
    writer.writerow(["source", "reference", "translation", "score"])
    for source, reference, found in zip(sources, references, translations, strict=True):
        writer.writerow([source, reference, found.text, f"{found.score:.4f}"])
    with atomic(path) as temporary:
        temporary.write_text(table.getvalue(), encoding="utf-8")
