"""The adding problem."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.functions.arrays import Array

MEAN = 1.0  # of the sum of two numbers that are uniform in 0 to 1
# the mean squared error of always saying so, the variance of the sum: 2 / 12 (Le et al. write 0.1767)
BASELINE = 1 / 6


def draw(generator: Any, count: int, time: int) -> tuple[Array, Array]:
    """(x (count, time, 2), sums (count, 1)) in float32: numbers from 0 to 1, and marks.

    One mark stands in the first half, one in the second; all other marks are 0.
    """
    values = generator.random((count, time), dtype=np.float32)
    marks = np.zeros_like(values)
    rows, half = np.arange(count), time // 2
    marks[rows, generator.integers(0, half, count)] = 1
    marks[rows, generator.integers(half, time, count)] = 1
    return np.stack([values, marks], -1), (values * marks).sum(1, keepdims=True)
