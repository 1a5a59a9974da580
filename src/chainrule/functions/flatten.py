"""Flatten: the axes of one sample become a single one, so that a linear layer can follow a convolution.

The numbers stay the same and keep their order (the last axis runs fastest), so backward only gives the
gradient its old shape back. A reshape may join or split *neighboring* axes; to exchange two axes takes a
transpose. Reshaping (hidden, batch) into (batch, hidden) runs without an error, and mixes the samples.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

from .arrays import Array

if TYPE_CHECKING:
    from .arrays import Num


class FlattenCache(NamedTuple):
    shape: tuple[int, ...]


def flatten(
    x: Num[Array, "batch *features"], start_dim: int = 1
) -> tuple[Num[Array, "batch flat"], FlattenCache]:
    """(batch, channels, height, width) -> (batch, channels * height * width); axes before `start_dim` stay.
    """
    kept = x.shape[:start_dim]
    return x.reshape(*kept, prod(x.shape[start_dim:])), FlattenCache(x.shape)


def flatten_backward(dy: Num[Array, "batch flat"], cache: FlattenCache) -> Num[Array, "batch *features"]:
    """Every number's gradient, back in the place where the number came from."""
    return dy.reshape(cache.shape)
