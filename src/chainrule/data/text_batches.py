"""Batches out of one long text, for training a model that predicts the next character.

Inputs and targets are the same text, shifted by one: at every place the target is the id that follows.

    ids        t h e _ c a t
    inputs     t h e _ c a
    targets    h e _ c a t
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.functions.arrays import Array, describe
from chainrule.functions.random import fold

# part of the key: what is drawn for other purposes from the same seed is drawn anew
OFFSET, WINDOWS = 2, 3


class TextStreams:
    """For truncated back-propagation through time: the model's state is carried from batch to batch.

    The ids are cut into `batch_size` streams of equal length, and these into chunks of `time` steps. Row b
    of a batch goes on where row b of the batch before ended:

        batch 0    batch 1    batch 2
        a b c d    e f g h    i j k l       row 0
        m n o p    q r s t    u v w x       row 1

    The first batch of every epoch begins anew: carry no state into it. All batches have the same shape; what
    is then left over of the text, less than one batch, is left out at its two ends, elsewhere in every
    epoch: where an epoch begins depends on (seed, epoch) and on nothing else.
    """

    def __init__(self, ids: Array, batch_size: int, time: int, seed: int = 0) -> None:
        check_ids(ids, batch_size, time)
        if (len(ids) - 1) // (batch_size * time) == 0:
            raise ValueError(
                f"the text is too short for one batch: {len(ids)} characters, but {batch_size} streams of "
                f"{time} steps need {batch_size * time + 1}: lower the batch size or the number of steps"
            )
        self.ids, self.batch_size, self.time, self.seed = ids, batch_size, time, seed

    def __len__(self) -> int:
        return (len(self.ids) - 1) // (self.batch_size * self.time)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[tuple[Array, Array]]:
        """(inputs, targets), each (batch, time), of this epoch, without the first `skip`.

        Who skips some needs the state that the last of them left: a checkpoint holds it.
        """
        length = len(self) * self.time  # of one stream
        left_over = len(self.ids) - 1 - self.batch_size * length
        generator = np.random.Generator(np.random.Philox(key=fold(self.seed, epoch, OFFSET)))
        begin = int(generator.integers(left_over + 1))
        shape = (self.batch_size, length)
        inputs = self.ids[begin : begin + self.batch_size * length].reshape(shape)
        targets = self.ids[begin + 1 : begin + 1 + self.batch_size * length].reshape(shape)
        for start in range(skip * self.time, length, self.time):
            chunk = slice(start, start + self.time)
            yield inputs[:, chunk], targets[:, chunk]


class TextWindows:
    """Without a carried state: every row of every batch is a window of the text, drawn at random.

    An epoch has `steps` batches, by default as many as it takes to draw as many ids as there are. What the
    batch of a step holds depends on the seed and on how many steps came before, on nothing else.

    total: who counts steps and not epochs says how many there are in all; the last epoch may be shorter, and
    there are `epochs` of them.
    """

    def __init__(
        self,
        ids: Array,
        batch_size: int,
        time: int,
        seed: int = 0,
        steps: int | None = None,
        total: int | None = None,
    ) -> None:
        check_ids(ids, batch_size, time)
        if len(ids) <= time:
            raise ValueError(
                f"the text is too short for one window: {len(ids)} characters, but {time} steps need "
                f"{time + 1}: lower the number of steps"
            )
        if steps is not None and steps < 1:
            raise ValueError(f"an epoch needs at least 1 step, got {steps}")
        if total is not None and total < 1:
            raise ValueError(f"there has to be at least 1 step in all, got {total}")
        self.ids, self.batch_size, self.time, self.seed = ids, batch_size, time, seed
        self.steps = steps or -(-(len(ids) - 1) // (batch_size * time))
        if total is not None:
            self.steps = min(self.steps, total)
        self.total = total

    def __len__(self) -> int:
        return self.steps

    @property
    def epochs(self) -> int:
        """How many epochs have `total` steps. Raises ValueError if there is no total."""
        if self.total is None:
            raise ValueError("these windows have no end: pass total=, the number of steps in all")
        return -(-self.total // self.steps)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[tuple[Array, Array]]:
        """(inputs, targets), each (batch, time), of this epoch, without the first `skip`."""
        before = epoch * len(self)
        steps = len(self) if self.total is None else min(len(self), self.total - before)
        for i in range(skip, steps):
            key = fold(self.seed, before + i, WINDOWS)
            generator = np.random.Generator(np.random.Philox(key=key))
            begins = generator.integers(len(self.ids) - self.time, size=self.batch_size)
            places = begins[:, None] + np.arange(self.time)  # (batch, time)
            yield self.ids[places], self.ids[places + 1]


def check_ids(ids: Array, batch_size: int, time: int) -> None:
    """What all batches of a text ask for. Raises ValueError or TypeError."""
    if ids.ndim != 1 or len(ids) < 2:
        raise ValueError(f"expected the ids of a text, (characters,), at least 2, got {describe('ids', ids)}")
    if ids.dtype.kind not in "iu":
        raise TypeError(f"expected the ids of a text, integers, got {ids.dtype}")
    if batch_size < 1 or time < 1:
        raise ValueError(f"a batch needs at least 1 row and 1 step, got {batch_size} and {time}")
