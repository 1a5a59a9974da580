"""What has to be said about inputs that a trained model does not wholly understand."""

from __future__ import annotations

from collections.abc import Iterable


def unknown_remark(what: str, parts: Iterable[str]) -> list[str]:
    """One remark, or none: which parts, called `what`, are read as unknown. Each is named once, and what
    cannot be seen by its number.
    """
    names = dict.fromkeys(part if part.isprintable() else _code_points(part) for part in parts)
    return [f"{what} that training hardly met, read as unknown: {' '.join(names)}"] if names else []


def _code_points(part: str) -> str:
    return " ".join(f"U+{ord(character):04X}" for character in part)
