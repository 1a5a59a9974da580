"""Dropout as a layer: it asks for keys, so that every forward in training mode draws a new mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule.functions import dropout, dropout_backward
from chainrule.functions.arrays import Array
from chainrule.functions.dropout import DropoutCache

from .layer import Layer
from .randomness import current

if TYPE_CHECKING:
    from chainrule.functions.arrays import UInt64


class Dropout(Layer):
    """In training mode sets numbers to 0 with probability p and scales the others by 1 / (1 - p); else the
    identity.

    The mask is new for every forward and differs from sample to sample. See `chainrule.functions.dropout`.
    """

    def __init__(self, p: float = 0.5) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"Dropout: p is the probability to drop a number, from 0 to 1, got {p}")
        self.p = p

    def forward(self, x: Array) -> tuple[Array, DropoutCache | None]:
        if not self.training or self.p == 0:
            return x, None
        return dropout(x, self.p, sample_keys(x))

    def backward(self, dy: Array, cache: DropoutCache | None) -> Array:
        if cache is None:  # nothing was dropped: y = x
            return dy
        return dropout_backward(dy, cache)[0]

    def extra_repr(self) -> str:
        return f"p={self.p}"


def sample_keys(x: Array) -> UInt64[Array, " batch"]:
    """New keys, one for each sample of x, where x lives."""
    return np.asarray(current().sample_keys(len(x)), like=x)
