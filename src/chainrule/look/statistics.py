"""An array in a few numbers: what a person would print to see whether it is alive."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.doctor.objects import stored_attributes
from chainrule.functions.arrays import Array

BINS = 8
_BARS = "▁▂▃▄▅▆▇█"
# an object around one array, such as a tensor or a parameter, keeps it under one of these names
_INSIDE = ("data", "_data", "value", "_value", "array")


@dataclass(frozen=True)
class Statistics:
    """Mean, spread (the standard deviation), extremes and histogram are those of the finite numbers."""

    shape: tuple[int, ...]
    dtype: str
    mean: float
    spread: float
    minimum: float
    maximum: float
    zeros: float  # the share of numbers that are exactly 0
    nan: int
    inf: int
    norm: float  # √Σx²: not finite if a number is not
    histogram: tuple[int, ...]  # 8 equal bins from minimum to maximum; one bin if they are equal

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def sparkline(self) -> str:
        """The histogram as eight bars; a bin without numbers is blank. Heights are roots of counts, so that
        the tails are seen beside a tall peak.
        """
        tallest = max(self.histogram, default=0)
        heights = [(count / tallest) ** 0.5 * (len(_BARS) - 1) if count else None for count in self.histogram]
        return "".join(" " if height is None else _BARS[round(height)] for height in heights)


def statistics(array: Any) -> Statistics:
    """The figures of an array of numbers or truth values, computed in float64."""
    array = np.asarray(array)
    values = np.abs(array) if array.dtype.kind == "c" else array
    values = values.ravel(order="K").astype(np.float64, copy=False)
    finite = values[np.isfinite(values)]
    nan = int(np.isnan(values).sum())
    with np.errstate(all="ignore"):
        lowest, highest = (float(finite.min()), float(finite.max())) if finite.size else (np.nan, np.nan)
        return Statistics(
            shape=tuple(array.shape),
            dtype=str(array.dtype),
            mean=float(finite.mean()) if finite.size else np.nan,
            spread=float(finite.std()) if finite.size else np.nan,
            minimum=lowest,
            maximum=highest,
            zeros=float((values == 0).mean()) if values.size else 0.0,
            nan=nan,
            inf=int(values.size - finite.size - nan),
            norm=norm(values),
            histogram=_histogram(finite, lowest, highest),
        )


def _histogram(finite: Array, lowest: float, highest: float) -> tuple[int, ...]:
    width = highest - lowest
    if not finite.size:
        return ()
    if not 0 < width < np.inf:  # all alike, or so far apart that the distance overflows
        return (int(finite.size),)
    places = np.minimum((finite - lowest) / width * BINS, BINS - 1)
    return tuple(int(count) for count in np.bincount(places.astype(np.intp), minlength=BINS)[:BINS])


def norm(*arrays: Any) -> float:
    """√Σx² over all numbers of all arrays."""
    with np.errstate(all="ignore"):
        squares = sum(float(np.square(np.abs(np.asarray(a)).astype(np.float64)).sum()) for a in arrays)
    return float(np.sqrt(squares))


def arrays_in(value: Any) -> Iterator[Array]:
    """The arrays of numbers in a result: itself, items of tuples, lists and dicts, in order; numbers count as
    arrays, and so does an object that is made around an array.
    """
    if isinstance(value, np.ndarray | np.generic | bool | int | float | complex):
        array = np.asarray(value)
        if array.dtype.kind in "biufc":
            yield array
    elif isinstance(value, list | tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from arrays_in(item)
    elif value is not None:
        stored = stored_attributes(value)
        inside = next((stored[name] for name in _INSIDE if name in stored), None)
        if isinstance(inside, np.ndarray):
            yield from arrays_in(inside)
