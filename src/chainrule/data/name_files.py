"""Names with labels, read from a folder with one file per label, or from a table."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .tables import is_table, read_rows
from .text_files import read_text

LONGEST = 100  # characters: what is longer is no name, but a sign that the file is another one
HEADINGS = {"name", "names", "surname", "surnames"}  # a table whose first cell is one of these has a heading


class LabeledName(NamedTuple):
    name: str
    label: str


def read_labeled_names(path: str | Path) -> list[LabeledName]:
    """Every line of a folder of LABEL.txt files, or of a .tsv or .csv table, in order.

    Raises FileNotFoundError, or ValueError that names the file and the line.
    """
    path = Path(path)
    if path.is_dir():
        return list(_read_folder(path))
    if not path.is_file():
        raise FileNotFoundError(f"there is no file or folder {path}")
    if not is_table(path):
        raise ValueError(
            f"{path}: expected a table (.tsv or .csv) with the columns name and label, or a folder with one "
            "file LABEL.txt for each label"
        )
    return list(_read_table(path))


def _read_folder(folder: Path) -> Iterator[LabeledName]:
    files = sorted(file for file in folder.glob("*.txt") if not file.name.startswith("."))
    if not files:
        raise ValueError(f"{folder}: expected one file LABEL.txt for each label, found none")
    for file in files:
        before = 0
        for number, line in enumerate(read_text(file).split("\n"), start=1):
            if line.strip():
                before += 1
                yield LabeledName(clean(line.strip(), f"{file}, line {number}"), file.stem)
        if not before:
            raise ValueError(f"{file}: there are no names in it, one per line")


def _read_table(file: Path) -> Iterator[LabeledName]:
    first = True
    for where, cells in read_rows(file):
        heading, first = first and cells[0].lower() in HEADINGS, False
        if heading:
            continue
        if len(cells) != 2:
            raise ValueError(f"{where}: expected 2 columns, name and label, found {len(cells)}: {cells}")
        if not all(cells):
            raise ValueError(f"{where}: the {'label' if cells[0] else 'name'} is empty: {cells}")
        yield LabeledName(clean(cells[0], where), cells[1])


def clean(name: str, where: str) -> str:
    """The name, with each accented letter as one character (Unicode NFC), so that no name is there in two
    spellings that look alike. Raises ValueError if it is no name.
    """
    if len(name) > LONGEST:
        raise ValueError(
            f"{where}: one name per line expected, found {len(name)} characters: {name[:40]!r}..."
        )
    if not name.isprintable():
        strange = next(character for character in name if not character.isprintable())
        raise ValueError(f"{where}: one name per line expected, but {name!r} holds {strange!r}")
    return unicodedata.normalize("NFC", name)
