"""Batches that can be drawn again: their order depends on the seed and the epoch, and on nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.functions.random import fold

IGNORED = -100  # the target of places that do not count; what CrossEntropyLoss ignores unless told otherwise


def steps_per_epoch(count: int, batch_size: int, drop_last: bool = False) -> int:
    """How many batches `batches` yields. Raises ValueError unless count and batch_size are at least 1."""
    if count < 1 or batch_size < 1:
        raise ValueError(
            f"batches need at least 1 sample and a batch size of at least 1, got {count} and {batch_size}"
        )
    return count // batch_size if drop_last else -(-count // batch_size)


def batches(
    count: int, batch_size: int, seed: int, epoch: int, shuffle: bool = True, drop_last: bool = False
) -> Iterator[Array]:
    """Index arrays (batch,) that together visit every sample once; the last batch may be smaller."""
    steps = steps_per_epoch(count, batch_size, drop_last)
    order = np.arange(count)
    if shuffle:
        np.random.Generator(np.random.Philox(key=fold(seed, epoch))).shuffle(order)
    return (order[i * batch_size : (i + 1) * batch_size] for i in range(steps))
