"""Fonts for texts of any script: matplotlib's own has Latin, Cyrillic, Greek and Arabic, but no Chinese."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

OWN = "DejaVu Sans"  # comes with matplotlib
LAST_RESORT = "Last Resort"  # it has all characters, as boxes


def readable(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """(labels, font families): what to write so that it can be read, and with which fonts.

    Where matplotlib's own font lacks a character, an installed one that has it is added. A character that no
    font has is written as its code point, as in U+5E74; of a token, three at most.
    """
    needed = {character for text in texts for character in text if not character.isspace()}
    families, missing = [OWN], needed - _characters(_path_of(OWN))
    while missing:
        family, found = max(
            ((name, missing & _characters(path)) for name, path in _installed()),
            key=lambda candidate: len(candidate[1]),
            default=("", set()),
        )
        if not found:
            break
        families.append(family)
        missing -= found
    return [_with_code_points(text, missing) for text in texts], families


def _with_code_points(text: str, missing: set[str], most: int = 3) -> str:
    """Of many in a row, the first are enough to see which token it is."""
    parts: list[str] = []
    written = 0
    for character in text:
        written += character in missing
        if written > most:
            return "".join(parts) + "…"
        parts.append(f"U+{ord(character):04X}" if character in missing else character)
    return "".join(parts)


def _path_of(family: str) -> str:
    from matplotlib.font_manager import findfont

    return str(findfont(family))


@cache
def _installed() -> tuple[tuple[str, str], ...]:
    """(family, file) of all other upright fonts that matplotlib finds, in alphabetical order."""
    from matplotlib.font_manager import fontManager

    upright = [font for font in fontManager.ttflist if font.style == "normal" and font.name != OWN]
    kept = {font.name: font.fname for font in upright if not font.name.startswith(LAST_RESORT)}
    return tuple(sorted(kept.items()))


@cache
def _characters(path: str) -> frozenset[str]:
    from matplotlib.font_manager import get_font

    return frozenset(map(chr, get_font(path).get_charmap()))
