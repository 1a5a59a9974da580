"""How attention cuts features into heads and puts them together again, and what it keeps of each head."""

from __future__ import annotations

from typing import NamedTuple

from chainrule.functions.arrays import Array


class KeysAndValues(NamedTuple):
    """What attention keeps of the positions that it has seen."""

    key: Array  # (batch, heads, time, d_k)
    value: Array  # (batch, heads, time, d_v)

    @property
    def length(self) -> int:
        """How many positions were seen: the next one's number, counted from 0."""
        return int(self.key.shape[2])


def split_heads(x: Array, heads: int) -> Array:
    """(batch, time, heads x features) -> (batch, heads, time, features). The way back, also for gradients, is
    merge_heads.
    """
    batch, time, features = x.shape
    # first cut the last axis, then exchange two: a reshape alone would deal time steps out to other heads
    heads_last: Array = x.reshape(batch, time, heads, features // heads).swapaxes(1, 2)
    return heads_last


def merge_heads(x: Array) -> Array:
    """(batch, heads, time, features) -> (batch, time, heads x features)."""
    batch, heads, time, features = x.shape
    merged: Array = x.swapaxes(1, 2).reshape(batch, time, heads * features)
    return merged
