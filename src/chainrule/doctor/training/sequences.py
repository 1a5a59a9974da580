"""What gives an adaptive optimizer away: steps of one length for all numbers, and settings called beta."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..arrays_inside import places

UNIFORM, SHARE = 0.02, 0.8  # how many of a weight's numbers take steps of the same length
_FIRST = re.compile(r"^_*(beta_?1|b1|beta1s?|betas\.0|adam_beta1)$", re.I)
_SECOND = re.compile(r"^_*(beta_?2|b2|beta2s?|betas\.1|adam_beta2)$", re.I)


def is_uniform(steps: np.ndarray) -> bool:
    """Adam's first step has the same length for every number that has a gradient."""
    lengths = steps[steps > 0]
    if lengths.size < 2:
        return False
    middle = float(np.median(lengths))
    return bool(np.mean(np.abs(lengths - middle) <= UNIFORM * middle) >= SHARE)


def read_betas(holders: list[Any]) -> tuple[float, float] | None:
    """β₁ and β₂ where an object keeps them under their usual names."""
    first = second = None
    for holder in holders:
        if isinstance(holder, np.ndarray):
            continue
        for place in places(holder):
            name = ".".join(place.path.split(".")[-2:]) if place.name in "01" else place.name
            if np.ndim(place.get()) == 0 and _FIRST.match(name) and first is None:
                first = float(place.get())
            if np.ndim(place.get()) == 0 and _SECOND.match(name) and second is None:
                second = float(place.get())
    return (
        (first, second) if first is not None and second is not None and 0 < first < 1 > second > 0 else None
    )
