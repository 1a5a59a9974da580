"""A whole text in batches, for evaluation: every id but the first is the target of exactly one place.

The rows do not always come out even. Where a row ends early, its targets are IGNORED: they add nothing to
the sum of a cross-entropy and nothing to its count, so that sum / count is the exact mean over the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.functions.arrays import Array

from .batches import steps_per_epoch
from .text_batches import check_ids

IGNORED = -100  # what CrossEntropyLoss ignores unless told otherwise


@dataclass(frozen=True, eq=False)
class StreamsInOrder:
    """For a model whose state is carried: `batch_size` streams side by side, in chunks of `time` steps.

    Every stream begins without a state, so fewer streams give a slightly better result, and more a faster
    one. The last chunk may be shorter.
    """

    ids: Array
    batch_size: int
    time: int

    def __post_init__(self) -> None:
        check_ids(self.ids, self.batch_size, self.time)

    def __iter__(self) -> Iterator[tuple[Array, Array]]:
        """(inputs, targets), each (streams, time)."""
        inputs, targets = rows(self.ids, length=-(-(len(self.ids) - 1) // self.batch_size))
        for start in range(0, inputs.shape[1], self.time):
            yield inputs[:, start : start + self.time], targets[:, start : start + self.time]

    def __len__(self) -> int:
        return steps_per_epoch(-(-(len(self.ids) - 1) // self.batch_size), self.time)


@dataclass(frozen=True, eq=False)
class WindowsInOrder:
    """For a model without a carried state: windows of `time` steps, one after the other, `batch_size` at
    once.

    A window knows nothing of the one before. The last batch may be smaller.
    """

    ids: Array
    batch_size: int
    time: int

    def __post_init__(self) -> None:
        check_ids(self.ids, self.batch_size, self.time)

    def __iter__(self) -> Iterator[tuple[Array, Array]]:
        """(inputs, targets), each (windows, time)."""
        inputs, targets = rows(self.ids, min(self.time, len(self.ids) - 1))
        for start in range(0, len(inputs), self.batch_size):
            yield inputs[start : start + self.batch_size], targets[start : start + self.batch_size]

    def __len__(self) -> int:
        return steps_per_epoch(-(-(len(self.ids) - 1) // self.time), self.batch_size)


def rows(ids: Array, length: int) -> tuple[Array, Array]:
    """Inputs and targets, each (rows, length); the end of the last row is filled up with id 0 and IGNORED."""
    count = -(-(len(ids) - 1) // length)
    inputs = np.zeros(count * length, ids.dtype)
    targets = np.full(count * length, IGNORED, np.int64)
    inputs[: len(ids) - 1], targets[: len(ids) - 1] = ids[:-1], ids[1:]
    return inputs.reshape(count, length), targets.reshape(count, length)
