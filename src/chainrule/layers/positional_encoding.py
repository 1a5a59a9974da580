"""Positions as layers: patterns that are computed, or a table that is learned."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule.functions import (
    embedding,
    embedding_backward,
    positional_encoding,
    positional_encoding_backward,
)
from chainrule.functions.arrays import Array, describe
from chainrule.functions.embedding import EmbeddingCache
from chainrule.functions.positional_encoding import PositionalEncodingCache

from .init import normal_
from .layer import Layer
from .new import new_parameter


class PositionalEncoding(Layer):
    """Adds the paper's sines and cosines: (..., time, features) -> the same shape, for any length.

    No parameters. See `chainrule.functions.positional_encoding`. start: the position of the first step, where
    a sequence comes in pieces.
    """

    def __init__(self, base: float = 10000.0) -> None:
        self.base = base

    def forward(self, x: Array, start: int = 0) -> tuple[Array, PositionalEncodingCache]:
        return positional_encoding(x, start, self.base)

    def backward(self, dy: Array, cache: PositionalEncodingCache) -> Array:
        return positional_encoding_backward(dy, cache)

    def extra_repr(self) -> str:
        return f"base={self.base}"


class LearnedPositionalEncodingCache(NamedTuple):
    embedding: EmbeddingCache


class LearnedPositionalEncoding(Layer):
    """Adds row t of a table to position t: (batch, time, features) -> the same shape.

    weight (max_length, features) begins as normal(0, 0.02), small beside the embeddings, as in BERT and
    GPT-2. A sequence longer than max_length has no rows; and the rows of positions that training never met
    stay as they began. (Vaswani et al. 2017, table 3, row E, found it as good as the sines.)
    """

    def __init__(self, max_length: int, features: int, dtype: Any = None) -> None:
        self.max_length, self.features = max_length, features
        self.weight = normal_(new_parameter((max_length, features), dtype), std=0.02)

    def forward(self, x: Array, start: int = 0) -> tuple[Array, LearnedPositionalEncodingCache]:
        """Raises ValueError for a sequence that ends behind max_length."""
        if x.ndim != 3 or x.shape[-1] != self.features:
            raise ValueError(
                f"LearnedPositionalEncoding expects an input (batch, time, features {self.features}), got "
                f"{describe('input', x, ('batch', 'time', 'features'))}"
            )
        end = start + x.shape[1]
        if start < 0 or end > self.max_length:
            raise ValueError(
                f"LearnedPositionalEncoding has the positions 0 to {self.max_length - 1}, got {start} to "
                f"{end - 1}: {describe('input', x, ('batch', 'time', 'features'))}"
            )
        positions = np.arange(start, end, like=x)
        rows, cache = embedding(positions, self.weight.data)  # (time, features)
        return x + rows, LearnedPositionalEncodingCache(cache)

    def backward(self, dy: Array, cache: LearnedPositionalEncodingCache) -> Array:
        drows = dy.sum(0)  # y = x + rows: all samples share them
        _, dweight = embedding_backward(drows, cache.embedding)
        self.add_grads(weight=dweight)
        return dy

    def extra_repr(self) -> str:
        return f"{self.max_length}, {self.features}"
