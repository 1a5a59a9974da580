"""Splitting a data set so that every class keeps its share on both sides."""

from __future__ import annotations

import math

import numpy as np

from chainrule.functions.arrays import Array

from .extras import require


def stratified_split(labels: Array, test_fraction: float, seed: int = 0) -> tuple[Array, Array]:
    """Sorted indices (train, test): test_fraction of every class, drawn at random, always the same for the
    same seed.

    Raises ValueError for a fraction outside (0, 1), or if a class is too small to be on both sides.
    """
    if not 0 < test_fraction < 1:
        raise ValueError(f"test_fraction must be between 0 and 1, got {test_fraction}")
    classes, counts = np.unique(labels, return_counts=True)
    if not len(classes):
        raise ValueError("there are no labels to split")
    if counts.min() < 2:
        raise ValueError(
            f"class {classes[counts.argmin()]} has one sample only: it cannot be on both sides of a split"
        )
    split = require("sklearn.model_selection", "a stratified split").train_test_split
    size = max(len(classes), math.ceil(test_fraction * len(labels)))
    size = min(size, len(labels) - len(classes))
    train, test = split(np.arange(len(labels)), test_size=size, random_state=seed, stratify=labels)
    # the library keeps shares, so a rare class may be rounded away from one side
    for side, rows in (("train", train), ("test", test)):
        if len(missing := np.setdiff1d(classes, labels[rows])):
            count = counts[classes == missing[0]].item()
            raise ValueError(
                f"class {missing[0]} has {count} samples of {len(labels)}, too few to be on the "
                f"{side} side of a split with test_fraction {test_fraction}: add samples"
            )
    return np.sort(train), np.sort(test)
