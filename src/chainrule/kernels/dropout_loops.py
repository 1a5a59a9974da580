"""The compiled part of dropout's twin: SplitMix64, as in chainrule.functions.random."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.functions.random import GOLDEN

from .compiler import compiled
from .elementary import EXACT, ZERO

STEP = np.uint64(GOLDEN)
FACTOR1, FACTOR2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
SHIFT1, SHIFT2, SHIFT3, HALF = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(32)


@compiled(**EXACT)
def dropout_forward(x: Any, keys: Any, threshold: Any, scale: Any, y: Any, kept: Any) -> None:
    """Fills y and kept (samples, numbers)."""
    for n in range(len(x)):
        drop(x[n], keys[n], threshold, scale, y[n], kept[n])


@compiled(**EXACT)
def drop(x: Any, counter: Any, threshold: Any, scale: Any, y: Any, kept: Any) -> Any:
    """One sample, or a part of it that begins with the number after this counter; returns the counter of its
    last number.
    """
    for k in range(len(x)):
        counter += STEP
        z = (counter ^ (counter >> SHIFT1)) * FACTOR1
        z = (z ^ (z >> SHIFT2)) * FACTOR2
        keep = np.int64((z ^ (z >> SHIFT3)) >> HALF) >= threshold
        kept[k] = keep
        y[k] = x[k] * (scale if keep else ZERO)
    return counter


@compiled(**EXACT)
def dropout_backward(dy: Any, kept: Any, scale: Any, dx: Any) -> None:
    for k in range(len(dy)):
        dx[k] = dy[k] * (scale if kept[k] else ZERO)
