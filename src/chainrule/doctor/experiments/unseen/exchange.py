"""Exchanging slices of an array for other numbers of the same kind, and seeing what has changed."""

from __future__ import annotations

from typing import Any

import numpy as np

MOST = 6  # slices of an axis that are tried


def changed(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Where two arrays differ by more than rounding."""
    both = np.isfinite(a) & np.isfinite(b)
    a, b = np.where(both, a, 0.0), np.where(both, b, 0.0)
    coarse = a.dtype == np.float32 or bool(np.all(a == a.astype(np.float32)))
    size = max(float(np.abs(a).max(initial=0)), float(np.abs(b).max(initial=0)))
    moved: np.ndarray = np.abs(a - b) > (1e-5 if coarse else 1e-9) * size
    return moved


def chosen(length: int) -> list[int]:
    """All places of a short axis, some of a long one."""
    if length <= MOST:
        return list(range(length))
    return sorted({0, 1, length // 3, length // 2, length - 2, length - 1})


def varied(
    value: np.ndarray, axis: int, index: int, rng: np.random.Generator, avoid: set[int] | None = None
) -> np.ndarray | None:
    """The array with one slice exchanged for other values of the same kind; None where there are
    no others.
    """
    other = value.copy()
    place = (slice(None),) * axis + (index,)
    new = _other(value[place], value, rng, avoid or set())
    if new is None:
        return None
    other[place] = new
    return other


def exchanged_whole(value: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
    """Other numbers in a whole input."""
    for i in range(value.shape[0]):
        other = varied(value, 0, i, rng)
        if other is None:
            return None
        value = other
    return value


def _other(part: Any, whole: np.ndarray, rng: np.random.Generator, avoid: set[int]) -> Any:
    part = np.asarray(part)
    values = np.unique(whole)
    if whole.dtype == bool or len(values) < 2:
        return None
    if np.issubdtype(whole.dtype, np.integer):
        usable = np.array([v for v in values if int(v) not in avoid])
        if len(usable) < 2:
            return None
        at = np.searchsorted(usable, np.clip(part, usable[0], usable[-1])) % len(usable)
        return usable[(at + rng.integers(1, len(usable), size=part.shape)) % len(usable)]
    if len(values) == 2 and part.ndim and set(values) == {0.0, 1.0} and bool(np.all(part.sum(-1) == 1)):
        return np.roll(part, 1, -1)
    if len(values) == 2:
        return np.where(part == values[0], values[1], values[0])
    drawn = rng.choice(whole.ravel(), size=part.shape)
    return drawn * (1 + 0.1 * rng.random(part.shape))
