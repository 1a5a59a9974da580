"""The labs' training loop: one epoch at a time, and the caller holds the clock of the randomness."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

from chainrule.data import ArrayBatches
from chainrule.layers import CrossEntropyLoss, Layer, randomness
from chainrule.training import Optimizer, train_step


class Epoch(NamedTuple):
    epoch: int  # the first is 1
    step: int  # steps taken so far
    loss: float  # mean over the samples, in training mode, while it learned; maybe NaN
    accuracy: float


def every_step(epoch: int, step: int) -> int:
    """The usual clock: in every step, new random numbers."""
    return step


def train_epochs(
    model: Layer,
    optimizer: Optimizer,
    batches: ArrayBatches,
    epochs: int,
    seed: int,
    clock: Callable[[int, int], int] = every_step,
) -> Iterator[Epoch]:
    """Trains, and hands over after each epoch. When `clock(epoch, step)` repeats (both from 1), so do masks.

    If the loss is infinite or NaN, the epoch ends with that step and is the last one.
    """
    loss, step = CrossEntropyLoss(), 0
    for epoch in range(1, epochs + 1):
        model.train()
        total, count, correct = 0.0, 0.0, 0
        for x, labels in batches.epoch(epoch - 1):
            step += 1
            with randomness(seed, clock(epoch, step)):
                result = train_step(model, loss, optimizer, x, labels)
            total, count = total + result.loss, count + result.count
            correct += result.right or 0
            if not math.isfinite(result.loss):
                break
        yield Epoch(epoch, step, total / count, correct / count)
        if not math.isfinite(total):
            return
