"""A whole text in batches, for evaluation: every id but the first is the target of exactly one place.

The rows do not always come out even. Where a row ends early, its targets are IGNORED: they add nothing to
the sum of a cross-entropy and nothing to its count, so that sum / count is the exact mean over the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.functions.arrays import Array

from .batches import IGNORED, steps_per_epoch
from .text_batches import check_ids


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
    """For a model without a carried state: windows of `time` steps, `batch_size` at once.

    A window knows nothing of the one before: its first id is predicted from nothing but the one that stands
    there. So windows may overlap: each begins `stride` steps after the one before (`time`, unless given), and
    all but the first have targets in their last `stride` places alone:

        ids       a b c d e f g h i          time 4, stride 2
        window 0  a b c d                    targets b c d e
        window 1      c d e f                targets . . f g         f is predicted from c, d and e
        window 2          e f g h            targets . . h i

    Beyond the first window every target is predicted from more than time - stride ids, for time / stride
    times the work. The last batch may be smaller.
    """

    ids: Array
    batch_size: int
    time: int
    stride: int | None = None

    def __post_init__(self) -> None:
        check_ids(self.ids, self.batch_size, self.time)
        if self.stride is not None and not 1 <= self.stride <= self.time:
            raise ValueError(f"windows of {self.time} steps cannot begin {self.stride} apart: from 1 to all")

    def __iter__(self) -> Iterator[tuple[Array, Array]]:
        """(inputs, targets), each (windows, time)."""
        targets_in_all = len(self.ids) - 1
        time = min(self.time, targets_in_all)
        stride = min(self.stride or time, time)
        begins = stride * np.arange(self._windows)
        for start in range(0, self._windows, self.batch_size):
            begin = begins[start : start + self.batch_size, None]
            places = begin + np.arange(time)  # (windows, time)
            inside = places < targets_in_all
            scored = inside & ((begin == 0) | (np.arange(time) >= time - stride))
            places[~inside] = 0
            yield np.where(inside, self.ids[places], 0), np.where(scored, self.ids[places + 1], IGNORED)

    def __len__(self) -> int:
        return steps_per_epoch(self._windows, self.batch_size)

    @property
    def _windows(self) -> int:
        beyond_the_first = max(0, len(self.ids) - 1 - self.time)
        return 1 + -(-beyond_the_first // (self.stride or self.time))


def rows(ids: Array, length: int) -> tuple[Array, Array]:
    """Inputs and targets, each (rows, length); the end of the last row is filled up with id 0 and IGNORED."""
    count = -(-(len(ids) - 1) // length)
    inputs = np.zeros(count * length, ids.dtype)
    targets = np.full(count * length, IGNORED, np.int64)
    inputs[: len(ids) - 1], targets[: len(ids) - 1] = ids[:-1], ids[1:]
    return inputs.reshape(count, length), targets.reshape(count, length)
