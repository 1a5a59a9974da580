"""Flatten as a layer."""

from __future__ import annotations

from chainrule.functions import flatten, flatten_backward
from chainrule.functions.arrays import Array
from chainrule.functions.flatten import FlattenCache

from .layer import Layer


class Flatten(Layer):
    """(batch, ...) -> (batch, product of the rest). See `chainrule.functions.flatten`."""

    def forward(self, x: Array) -> tuple[Array, FlattenCache]:
        return flatten(x)

    def backward(self, dy: Array, cache: FlattenCache) -> Array:
        return flatten_backward(dy, cache)
