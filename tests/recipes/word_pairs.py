"""Sentences that are easy to translate."""

from __future__ import annotations

from itertools import product
from pathlib import Path

WORDS = {
    "red": "rot", "blue": "blau", "big": "groß", "old": "alt", "cat": "Katze", "dog": "Hund", "tree": "Baum",
}  # fmt: skip
DIGITS = {"one": "1", "two": "2", "three": "3"}


def write_pairs(path: Path) -> Path:
    """Word for word, but the number comes last: "two red cat" -> "rot Katze 2"."""
    lines = [
        f"{count} {first} {second}\t{WORDS[first]} {WORDS[second]} {DIGITS[count]}\n"
        for count, first, second in product(DIGITS, WORDS, WORDS)
    ]
    path.write_text("".join(lines), encoding="utf-8")
    return path
