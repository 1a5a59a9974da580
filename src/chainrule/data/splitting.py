"""Splitting a data set so that every class keeps its share on both sides."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.functions.random import fold

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


def grouped_split(
    labels: Array, groups: Sequence[Hashable], test_fraction: float, seed: int, classes: Sequence[str]
) -> tuple[Array, Array]:
    """Sorted indices (train, test): what belongs to one group stays together, and still every class keeps
    its share as well as it can.

    labels (samples,) and one group per sample; a group may hold several classes. Classes are taken from the
    rarest to the most frequent one: each puts groups that no class before has placed, drawn at random, on the
    test side until it has test_fraction of its groups there, at least one, at most all but one.

    Raises ValueError for a fraction outside (0, 1), or, naming the class (`classes`), if all of its samples
    are on one side.
    """
    if not 0 < test_fraction < 1:
        raise ValueError(f"test_fraction must be between 0 and 1, got {test_fraction}")
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    group_of = np.array([numbers[group] for group in groups])  # (samples,)
    generator = np.random.Generator(np.random.Philox(key=fold(seed)))
    tested = np.full(len(numbers), -1)  # per group: 1 test, 0 train, -1 not yet placed
    counts = np.bincount(labels, minlength=len(classes))
    for label in np.argsort(counts, kind="stable"):
        members = np.unique(group_of[labels == label])
        wanted = min(max(1, round(test_fraction * len(members))), len(members) - 1)
        free = generator.permutation(members[tested[members] < 0])
        more = max(0, wanted - int((tested[members] == 1).sum()))
        tested[free[:more]], tested[free[more:]] = 1, 0
        if len(members) < 2 or len(np.unique(tested[members])) < 2:
            raise ValueError(
                f"{classes[label]} has {len(members)} different samples, too few to be on both sides of a "
                f"split with test_fraction {test_fraction}: add some"
            )
    on_test_side = tested[group_of] == 1
    return np.flatnonzero(~on_test_side), np.flatnonzero(on_test_side)
