"""Why evaluation may use all units: the mean over many masks is 1, counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.functions import dropout
from chainrule.functions.arrays import Array
from chainrule.layers import randomness
from chainrule.layers.randomness import current

from .network import build
from .options import Options
from .variants import SAMPLE


@dataclass(frozen=True)
class Average:
    """The mean of a hidden layer's numbers over more and more masks, against the numbers at evaluation."""

    masks: list[int]
    error: list[float]  # root mean square of (mean over masks - evaluation), as a part of the numbers' own
    once_error: list[float]  # the same, where the masks are always the same one
    ratio: float  # mean of the numbers under all masks / mean at evaluation


def average_over_masks(options: Options, images: Array, seed: int, most: int = 1024) -> Average:
    """E[mask] = 1, by counting: a hidden layer under many masks. (Any weights will do: initial ones.)"""
    model = build(options, SAMPLE, seed)
    hidden = np.maximum(images @ model.layers["0"].weight.data.T, 0)  # type: ignore[attr-defined]
    masks = [2**i for i in range(0, most.bit_length(), 2)]
    total, error = np.zeros(hidden.shape), []
    once: list[float] = []
    with randomness(seed, 1):
        first, _ = dropout(hidden, options.p, current().sample_keys(len(hidden)))
    for step in range(1, masks[-1] + 1):
        with randomness(seed, step):
            total += dropout(hidden, options.p, current().sample_keys(len(hidden)))[0]
        if step in masks:
            error.append(_relative(total / step - hidden, hidden))
            once.append(_relative(first - hidden, hidden))
    return Average(masks, error, once, float(total.mean() / masks[-1] / hidden.mean()))


def _relative(difference: Array, of: Array) -> float:
    return float(np.sqrt(np.square(difference).mean() / np.square(of).mean()))
