"""Sequences of different lengths, cut into batches that hold little padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from chainrule.functions.arrays import Array, describe
from chainrule.functions.random import fold

from .array_batches import Augment
from .batches import steps_per_epoch

if TYPE_CHECKING:
    from chainrule.functions.arrays import Int

BUCKETS = 4  # part of the key: what is drawn for other purposes from the same seed is drawn anew


class Ragged(NamedTuple):
    """Sequences side by side. What stands in a row after its length is padding, and means nothing."""

    ids: Int[Array, "batch time"]
    lengths: Int[Array, " batch"]


def pad(sequences: Sequence[Array], value: int = 0) -> Ragged:
    """Sequences of ids, each (time,), filled up with `value` to the longest. Raises ValueError for an empty
    one.
    """
    lengths = np.array([len(sequence) for sequence in sequences], np.int64)
    if not len(lengths) or not lengths.all():
        what = f"sequence {int(lengths.argmin())} is empty" if len(lengths) else "there are no sequences"
        raise ValueError(f"{what}: every sequence needs at least one id")
    ids = np.full((len(lengths), lengths.max()), value, np.int64)
    ids[np.arange(ids.shape[1]) < lengths[:, None]] = np.concatenate(sequences)
    return Ragged(ids, lengths)


class RaggedBatches:
    """Sequences of ids, each (time,), and labels (samples,), cut into batches ((ids, lengths), labels).

    `epoch(e)` puts sequences of about the same length together: it shuffles, sorts by length (equal ones stay
    shuffled), cuts, and shuffles the batches. All of it depends on (seed, e) alone, so a resumed run can skip
    what it has seen. augment(ids, step) may change the ids of a batch. Iterating over the object itself goes
    through the data once, in order and as it is: for evaluation.
    """

    def __init__(
        self,
        sequences: Sequence[Array],
        labels: Array,
        batch_size: int,
        seed: int = 0,
        augment: Augment | None = None,
    ) -> None:
        if labels.shape != (len(sequences),):
            raise ValueError(f"there are {len(sequences)} sequences, but {describe('labels', labels)}")
        self.lengths = pad(sequences).lengths
        self.sequences, self.labels = sequences, labels
        self.batch_size, self.seed, self.augment = batch_size, seed, augment

    def __len__(self) -> int:
        return steps_per_epoch(len(self.labels), self.batch_size)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[tuple[Ragged, Array]]:
        """The shuffled batches of this epoch, without the first `skip`."""
        generator = np.random.Generator(np.random.Philox(key=fold(self.seed, epoch, BUCKETS)))
        order = generator.permutation(len(self.labels))
        order = order[self.lengths[order].argsort(kind="stable")]
        for step, i in enumerate(generator.permutation(len(self))[skip:], start=epoch * len(self) + skip):
            (ids, lengths), labels = self._batch(order[i * self.batch_size : (i + 1) * self.batch_size])
            if self.augment is not None:
                ids = self.augment(ids, step)
            yield Ragged(ids, lengths), labels

    def __iter__(self) -> Iterator[tuple[Ragged, Array]]:
        for start in range(0, len(self.labels), self.batch_size):
            yield self._batch(np.arange(start, min(start + self.batch_size, len(self.labels))))

    def _batch(self, rows: Array) -> tuple[Ragged, Array]:
        return pad([self.sequences[row] for row in rows]), self.labels[rows]
