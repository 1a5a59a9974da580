"""Texts to be told apart, in parts: to learn from, to compare settings by, to report.

By name: reviews for or against (sst2), and phrases of many languages (languages). Or a table of one's own.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from .download import locate_folder
from .labeled_texts import LabeledTexts, fingerprint
from .languages import phrases_by_language
from .tables import is_table, read_rows

SST2 = (
    "https://raw.githubusercontent.com/awake020/pytorch_Bert_sst2/"
    "ce2ab1719d32182e6233b24b2de246bd32814fde/SST-2/"
)
SST2_SHA256 = {
    "train.tsv": "e981ceb4fe6c9acd1c79851d0d091b9e78103f1f2a399ca83dda27915d41c56c",
    "dev.tsv": "84207e6be5873fb18db798cc6faec86871f5a426554650ff64a1c34e87665f6f",
    "test.tsv": "fcd46f967b7b8efd8b5398481dadf873886298d092195167af907fd532e81e1c",
}
SENTIMENTS = {"0": "negative", "1": "positive"}
TEXT_HEADINGS = {"text", "texts", "sentence", "content", "review", "comment", "message", "phrase"}
LABEL_HEADINGS = {"label", "labels", "class", "category", "target", "sentiment", "language"}


class TextSplits(NamedTuple):
    """What a model learns from, what settings are compared by, and what it is judged by."""

    train: LabeledTexts
    validation: LabeledTexts | None
    test: LabeledTexts

    def fingerprint(self) -> str:
        """Sixteen characters that change with any text, label, class or the split itself."""
        return fingerprint(part for part in self if part is not None)


def load_text_classes(
    name_or_path: str | Path = "languages", validation: float = 0.1, test: float = 0.2, seed: int = 0
) -> TextSplits:
    """Texts with labels, by name or from a table.

    "languages": see `phrases_by_language`. "sst2": sentences out of film reviews, for or against (Socher et
    al. 2013), lower case, words apart: to learn from, also their phrases (67,349 in all); 872 sentences for
    validation, 1,821 for testing. From $CHAINRULE_DATA/sst2, else from the cache, else downloaded (4 MB).

    A table, .tsv or .csv, of two columns, label and text. If the columns stand the other way round, a first
    line has to say so: text, label. A text that is there again with the same label counts once.

    Where no part is for testing, the share `test` of every label is; then, where none is for validation, the
    share `validation` of the rest (0: none). The same text is never on both sides.

    Raises FileNotFoundError that lists the names; ValueError that names the file and the line, or the label
    that has too few texts; OSError if a download fails.
    """
    if name_or_path == "sst2":
        return _load_sst2()
    if name_or_path == "languages":
        texts = LabeledTexts.of(phrases_by_language(), "languages")
    elif not Path(name_or_path).exists():
        raise FileNotFoundError(
            f"{str(name_or_path)!r} is neither a data set (languages, sst2) nor a table (.tsv, .csv)"
        )
    else:
        pairs = list(dict.fromkeys(read_labeled_texts(name_or_path)))  # each once, in their order
        texts = LabeledTexts.of(pairs, name_or_path)
    rest, tested = texts.split(test, seed)
    if not validation:
        return TextSplits(rest, None, tested)
    train, validated = rest.split(validation, seed)
    return TextSplits(train, validated, tested)


def read_labeled_texts(path: str | Path) -> list[tuple[str, str]]:
    """Pairs (text, label) of a table. Raises FileNotFoundError, or ValueError that names file and line."""
    if not is_table(path):
        raise ValueError(f"{path}: expected a table (.tsv or .csv) with the columns label and text")
    rows = list(read_rows(path))
    label, text = 0, 1
    if rows and (columns := _heading(rows[0].cells)):
        label, text = columns
        rows = rows[1:]
    pairs = []
    for where, cells in rows:
        if len(cells) != 2:
            raise ValueError(
                f"{where}: expected 2 columns, label and text, found {len(cells)}: {' | '.join(cells)[:60]!r}"
            )
        if not all(cells):
            raise ValueError(f"{where}: the {'label' if not cells[label] else 'text'} is empty")
        pairs.append((cells[text], cells[label]))
    labels, texts = {label for _, label in pairs}, {text for text, _ in pairs}
    if len(labels) > max(len(pairs) // 2, len(texts)):
        raise ValueError(
            f"{path}: {len(labels)} different labels for {len(texts)} different texts: if the text stands in "
            "the first column, write a first line that says so: text, label"
        )
    return pairs


def _heading(cells: list[str]) -> tuple[int, int] | None:
    """(column of the label, column of the text), if these cells are names of columns and no data."""
    if len(cells) != 2:
        return None
    first, second = (cell.lower() for cell in cells)
    if first in LABEL_HEADINGS and second in TEXT_HEADINGS:
        return 0, 1
    if first in TEXT_HEADINGS and second in LABEL_HEADINGS:
        return 1, 0
    return None


def _load_sst2() -> TextSplits:
    folder = locate_folder("sst2", [SST2], SST2_SHA256)
    return TextSplits(*(_read_sst2(folder / filename) for filename in SST2_SHA256))


def _read_sst2(path: Path) -> LabeledTexts:
    pairs = read_labeled_texts(path)
    strange = {label for _, label in pairs} - set(SENTIMENTS)
    if strange:
        raise ValueError(f"{path}: expected the labels 0 (negative) and 1 (positive), found {min(strange)!r}")
    return LabeledTexts.of([(text, SENTIMENTS[label]) for text, label in pairs], path)
