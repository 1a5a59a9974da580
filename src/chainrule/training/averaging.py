"""Averaging weights: the mean of a model's last checkpoints is often better than any of them.

Towards the end, the weights move around a good place more than towards it, each step pulled by another batch.
Their mean over some epochs stands nearer to it. (Vaswani et al. 2017, section 6.1, average the last 5 to 20
checkpoints.) It only makes sense for checkpoints of one run: two networks that were trained apart compute
alike with their units in different orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from chainrule.functions.arrays import Array

from .files import load


def average_weights(paths: Sequence[str | Path]) -> dict[str, Array]:
    """The mean of state dicts, each in a file of its own, name by name: summed in float64, in the dtype of
    the first. Arrays of integers, such as counters, are those of the last.

    Raises ValueError without files, or naming a file whose names or shapes are not those of the first.
    """
    if not paths:
        raise ValueError("there are no checkpoints to average")
    first = load(paths[0])
    sums = {name: array.astype(np.float64) for name, array in first.items()}
    shapes = {name: array.shape for name, array in first.items()}
    last = first
    for path in paths[1:]:
        last = load(path)
        if {name: array.shape for name, array in last.items()} != shapes:
            raise ValueError(f"{path} holds other weights than {paths[0]}: they are not of one model")
        for name, array in last.items():
            sums[name] += array
    return {
        name: (sums[name] / len(paths)).astype(array.dtype) if array.dtype.kind == "f" else last[name]
        for name, array in first.items()
    }
