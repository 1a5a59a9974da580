"""Sequences whose first symbol is the answer; all others are noise."""

from __future__ import annotations

from typing import Any

from chainrule.functions.arrays import Array

ANSWERS, NOISE = 4, 6  # symbols of each kind


def draw(generator: Any, count: int, length: int) -> tuple[Array, Array]:
    """(ids (count, length), answers (count,)): the first id is one of 0 to 3, the others are 4 to 9."""
    ids = generator.integers(ANSWERS, ANSWERS + NOISE, (count, length))
    ids[:, 0] = generator.integers(0, ANSWERS, count)
    return ids, ids[:, 0].copy()
