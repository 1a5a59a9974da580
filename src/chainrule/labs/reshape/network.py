"""A network that goes from columns to rows, in one way or the other."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from chainrule.functions.arrays import Array
from chainrule.layers import RNN, Layer, Linear, manual_seed

How = Literal["transpose", "reshape"]
WAYS: tuple[How, How] = ("transpose", "reshape")


def to_rows(columns: Array, how: How) -> Array:
    """(hidden, batch) -> (batch, hidden). A reshape keeps the numbers' order, a transpose does not."""
    return columns.T if how == "transpose" else columns.reshape(columns.shape[::-1])


class RowsCache(NamedTuple):
    rnn: Any
    head: Any


class ReadsDigits(Layer):
    """An image (batch, rows, pixels of a row), read row by row -> logits (batch, 10).

    backward is right for either way: what is wrong with "reshape" is forward.
    """

    def __init__(self, pixels: int, hidden: int, how: How, dtype: Any = None) -> None:
        self.rnn, self.head = RNN(pixels, hidden, dtype=dtype), Linear(hidden, 10, dtype=dtype)
        self.how = how

    def forward(self, x: Array) -> tuple[Array, RowsCache]:
        (_, h_n), rnn_cache = self.rnn.forward(x)
        columns = h_n[-1].T  # (hidden, batch): one column per sample
        y, head_cache = self.head.forward(to_rows(columns, self.how))
        return y, RowsCache(rnn_cache, head_cache)

    def backward(self, dy: Array, cache: RowsCache) -> Array:
        # each way is undone by itself, with the sizes exchanged
        dcolumns = to_rows(self.head.backward(dy, cache.head), self.how)
        dx, _, _ = self.rnn.backward((None, dcolumns.T[None]), cache.rnn)
        result: Array = dx
        return result


def build(pixels: int, hidden: int, how: How, seed: int, dtype: Any = None) -> ReadsDigits:
    """The same weights for either way."""
    manual_seed(seed)
    return ReadsDigits(pixels, hidden, how, dtype)
