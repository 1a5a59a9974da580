"""Batches out of arrays in memory, for the training loop and for evaluation."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from chainrule.functions.arrays import Array

from .batches import batches, steps_per_epoch

Augment = Callable[[Array, int], Array]  # (images, or ids, of a batch, step) -> others


class ArrayBatches:
    """Inputs (samples, ...) and labels (samples,), cut into batches.

    `epoch(e)` shuffles by (seed, e), so the same epoch always gives the same batches, and a resumed run can
    skip those that it has seen. Iterating over the object itself goes through the data once, in order and as
    it is: for evaluation.
    """

    def __init__(
        self, inputs: Array, labels: Array, batch_size: int, seed: int = 0, augment: Augment | None = None
    ) -> None:
        if len(inputs) != len(labels):
            raise ValueError(f"there are {len(inputs)} inputs, but {len(labels)} labels")
        if not np.isfinite(inputs).all():
            raise ValueError(
                f"sample {int(np.argwhere(~np.isfinite(inputs))[0][0])} of the inputs holds NaN or infinity"
            )
        self.inputs, self.labels = inputs, labels
        self.batch_size, self.seed, self.augment = batch_size, seed, augment

    def __len__(self) -> int:
        return steps_per_epoch(len(self.labels), self.batch_size)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[tuple[Array, Array]]:
        """The shuffled, augmented batches of this epoch, without the first `skip`."""
        for i, rows in enumerate(batches(len(self.labels), self.batch_size, self.seed, epoch)):
            if i < skip:
                continue
            images = self.inputs[rows]
            if self.augment is not None:
                images = self.augment(images, epoch * len(self) + i)
            yield images, self.labels[rows]

    def __iter__(self) -> Iterator[tuple[Array, Array]]:
        for start in range(0, len(self.labels), self.batch_size):
            part = slice(start, start + self.batch_size)
            yield self.inputs[part], self.labels[part]
