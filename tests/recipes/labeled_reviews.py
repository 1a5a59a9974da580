"""Made-up reviews that can be told apart by their words, and are of different length."""

from __future__ import annotations

from itertools import product
from pathlib import Path

FILLERS = ("the film", "this plot", "it", "her music", "a long story")
OPINIONS = {"good": ("is a joy", "was great", "moves us"), "bad": ("is a bore", "was dull", "isn't great")}


def write_reviews(path: Path) -> Path:
    """A table of 60 reviews, half of them good: label<TAB>text."""
    lines = [
        f"{label}\t{filler} {opinion}{end}"
        for label, opinions in OPINIONS.items()
        for filler, opinion, end in product(FILLERS, opinions, ("", " , really ."))
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path
