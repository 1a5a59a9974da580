"""Sequences to be read backward: what is asked at a position stands at another one, and order tells where."""

from __future__ import annotations

from typing import Any

from chainrule.functions.arrays import Array


def draw_reversed(generator: Any, count: int, length: int, symbols: int) -> tuple[Array, Array]:
    """(ids, answers), both (count, length): random symbols, and the same from the last to the first."""
    ids = generator.integers(0, symbols, (count, length))
    return ids, ids[:, ::-1].copy()
