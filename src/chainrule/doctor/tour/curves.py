"""Curves and bars made of characters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # of one braille cell: row, column
EIGHTHS = " ▏▎▍▌▋▊▉█"


def means(values: Sequence[float], count: int) -> list[float]:
    """The values in `count` columns: of each, the mean of what falls into it."""
    edges = [int(edge) for edge in np.linspace(0, len(values), count + 1)]
    return [float(np.mean(values[a : max(b, a + 1)])) for a, b in pairwise(edges)]


def curve(
    values: Sequence[float], low: float, high: float, width: int, height: int, braille: bool
) -> list[str]:
    """The values from left to right as `height` lines of `width` characters.

    What is above `high` touches the upper edge; what is no number is left out.
    """
    across, down = (2, 4) if braille else (1, 1)
    columns, rows = width * across, height * down
    canvas = np.zeros((rows, columns), dtype=bool)
    before: int | None = None
    for column, value in enumerate(means(values, columns)):
        if not math.isfinite(value):
            before = None
            continue
        share = (min(max(value, low), high) - low) / (high - low) if high > low else 0.0
        row = round((1 - share) * (rows - 1))
        start = row if before is None else before
        canvas[min(start, row) : max(start, row) + 1, column] = True
        before = row
    return [_line(canvas[i * down : (i + 1) * down], braille) for i in range(height)]


def _line(part: np.ndarray, braille: bool) -> str:
    if not braille:
        return "".join("*" if dot else " " for dot in part[0])
    cells = part.reshape(4, -1, 2).transpose(1, 0, 2)
    codes = (
        sum(
            bit
            for row, bits in zip(cell, DOTS, strict=True)
            for dot, bit in zip(row, bits, strict=True)
            if dot
        )
        for cell in cells
    )
    return "".join(chr(0x2800 + code) if code else " " for code in codes)


def log_bar(value: float, low: float, high: float, width: int, blocks: bool) -> str:
    """A bar for a positive number between two powers of ten; empty for 0."""
    if not value > 0:
        return ""
    if not math.isfinite(value):
        value = high
    share = (math.log10(value) - math.log10(low)) / max(math.log10(high) - math.log10(low), 1e-9)
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    if not blocks:
        return "#" * max(round(eighths / 8), 1)
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip() or EIGHTHS[1]


def decades(values: Sequence[float]) -> tuple[float, float]:
    """The powers of ten around all positive numbers, one more below."""
    positive = [v for v in values if v > 0 and math.isfinite(v)]
    if not positive:
        return 0.1, 1.0
    low, high = math.floor(math.log10(min(positive))), math.ceil(math.log10(max(positive)))
    return 10.0 ** (low - (low == high or math.isclose(10.0**low, min(positive)))), 10.0**high
