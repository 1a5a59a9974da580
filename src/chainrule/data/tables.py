"""Tables, one row per line: cells separated by tabs (.tsv), or by commas (.csv)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .text_files import read_text

DELIMITERS = {".tsv": "\t", ".csv": ","}


class Row(NamedTuple):
    where: str  # the file and the line, for messages
    cells: list[str]  # without spaces around


def is_table(path: str | Path) -> bool:
    """Does the name say that it is one?"""
    return Path(path).suffix.lower() in DELIMITERS


def read_rows(path: str | Path) -> Iterator[Row]:
    """The rows of a table that hold anything. In a .tsv, quotation marks are marks like any other.

    Raises FileNotFoundError, or ValueError that names the file and the line.
    """
    return rows_in(read_text(path), str(path), DELIMITERS[Path(path).suffix.lower()])


def rows_in(text: str, path: str, delimiter: str = "\t") -> Iterator[Row]:
    """The rows of a table in this text, as `read_rows`; `path` is what an error calls it."""
    lines = text.split("\n")
    if delimiter == ",":
        reader = csv.reader(lines)  # what stands in quotes may hold a comma
    else:
        reader = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield Row(f"{path}, line {reader.line_num}", cells)
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: {error}") from None
