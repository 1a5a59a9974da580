"""Derivatives by measuring: move a number a little, watch the loss, and notice when the loss has a kink right
there.

The slope of f at 0 from f(-2h), f(-h), f(0), f(h), f(2h), in two ways:

    three points:   (f(h) - f(-h)) / 2h                                  wrong by about h² f''' / 6
    five points:    (8 f(h) - 8 f(-h) - f(2h) + f(-2h)) / 12h            wrong by about h⁴ f⁽⁵⁾ / 30

Where f is smooth the two agree to many digits. If relu's bend or a change of winner in a max lies between -2h
and 2h, they do not, and no derivative is to be had. One case escapes: a kink *exactly* at 0 is symmetric,
both say the mean of the two slopes. So the bend is measured as well: f(h) - 2f(0) + f(-h) grows like h² on a
smooth curve (4 times as large at 2h), but like h at a kink (only twice as large).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

STEP = 1e-4
TOLERANCE = 2e-6  # relative to the largest slope of an array: five points are good for about 1e-10


class Slopes(NamedTuple):
    """What was measured at some elements of an array."""

    where: np.ndarray  # (count,) flat positions
    value: np.ndarray  # (count,) the five-point slopes
    smooth: np.ndarray  # (count,) False where there is a kink
    noise: float  # how large a slope rounding alone can feign


def measure(
    objective: Callable[[], float], array: np.ndarray, where: np.ndarray, step: float = STEP
) -> Slopes:
    """The slope along each chosen element of the array, which is moved in place and put back."""
    flat = array.reshape(-1)
    assert np.shares_memory(flat, array), "the array to be moved must be contiguous"
    here = objective()
    samples = np.empty((len(where), 4))
    for row, position in enumerate(where):
        kept = flat[position]
        for column, factor in enumerate((-2, -1, 1, 2)):
            flat[position] = kept + factor * step
            samples[row, column] = objective()
        flat[position] = kept
    return Slopes(where, *_slopes(samples, here, step))


def measure_along(
    objective: Callable[[], float], arrays: list[np.ndarray], directions: list[np.ndarray], step: float = STEP
) -> tuple[float, bool, float]:
    """The slope along one direction through several arrays at once: (slope, is it smooth, noise)."""
    kept, here = [array.copy() for array in arrays], objective()
    samples = np.empty((1, 4))
    for column, factor in enumerate((-2, -1, 1, 2)):
        for array, start, direction in zip(arrays, kept, directions, strict=True):
            array[...] = start + factor * step * direction
        samples[0, column] = objective()
    for array, start in zip(arrays, kept, strict=True):
        array[...] = start
    value, smooth, noise = _slopes(samples, here, step)
    return float(value[0]), bool(smooth[0]), noise


def _slopes(samples: np.ndarray, here: float, step: float) -> tuple[np.ndarray, np.ndarray, float]:
    lower2, lower1, upper1, upper2 = samples.T
    three = (upper1 - lower1) / (2 * step)
    five = (8 * (upper1 - lower1) - (upper2 - lower2)) / (12 * step)
    bend1, bend2 = upper1 - 2 * here + lower1, upper2 - 2 * here + lower2
    noise = 1e-14 * (1 + abs(here) + np.abs(samples).max(initial=0)) / step
    allowed = TOLERANCE / 2 * np.abs(five).max(initial=0) + noise
    smooth = (np.abs(three - five) <= allowed) & (np.abs(bend2 - 4 * bend1) / step <= allowed)
    return five, smooth, noise
