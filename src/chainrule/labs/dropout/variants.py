"""The five ways to draw a mask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from chainrule.functions import dropout
from chainrule.functions.arrays import Array
from chainrule.functions.dropout import DropoutCache
from chainrule.layers import Dropout
from chainrule.layers.randomness import current

from ..pictures import BLACK, BLUE, GREEN, ORANGE, VERMILION
from ..training import every_step


class OneMaskForAll(Dropout):
    """Dropout with one mask for all samples of the batch: what you get from a mask of shape (features,)."""

    def forward(self, x: Array) -> tuple[Array, DropoutCache | None]:
        if not self.training:
            return x, None
        return dropout(x, self.p, np.repeat(current().sample_keys(1), len(x)))


@dataclass(frozen=True)
class Variant:
    """When a new mask is drawn."""

    name: str
    color: str
    layer: type[Dropout] = Dropout
    clock: Callable[[int, int], int] = every_step  # (epoch, step) -> what the mask depends on
    dropout: bool = True


NONE = Variant("no dropout", BLACK, dropout=False)
SAMPLE = Variant("every sample", GREEN)
BATCH = Variant("every batch", BLUE, OneMaskForAll)
EPOCH = Variant("every epoch", ORANGE, OneMaskForAll, lambda epoch, step: epoch)
ONCE = Variant("once", VERMILION, OneMaskForAll, lambda epoch, step: 1)
VARIANTS = (NONE, SAMPLE, BATCH, EPOCH, ONCE)
