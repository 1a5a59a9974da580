"""Made-up names of three languages that can be told apart, and are of different length."""

from __future__ import annotations

from itertools import product
from pathlib import Path

SYLLABLES = {"Kiva": ("ka", "ki", "kü"), "Olm": ("ol", "um", "el"), "Zett": ("tz", "sze", "zi")}


def write_name_lists(folder: Path) -> Path:
    """A folder with one file per language: 39 names each of 1 to 3 syllables."""
    folder.mkdir(parents=True, exist_ok=True)
    for language, syllables in SYLLABLES.items():
        names = [
            "".join(parts).capitalize() for count in (1, 2, 3) for parts in product(syllables, repeat=count)
        ]
        (folder / f"{language}.txt").write_text("\n".join(names), encoding="utf-8")
    return folder
