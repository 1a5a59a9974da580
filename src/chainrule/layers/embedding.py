"""Embedding as a layer: a table around the pair embedding / embedding_backward."""

from __future__ import annotations

from typing import Any

from chainrule.functions import embedding, embedding_backward
from chainrule.functions.arrays import Array
from chainrule.functions.embedding import EmbeddingCache

from .init import normal_
from .layer import Layer
from .new import new_parameter


class Embedding(Layer):
    """ids (...) -> their rows of the table (..., embedding_dim).

    weight (num_embeddings, embedding_dim) begins as normal(0, 1), as in PyTorch; the row of padding_idx
    begins at 0 and stays there, because it gets no gradient. A negative padding_idx counts from the end. See
    `chainrule.functions.embedding` for the mathematics.
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, dtype: Any = None
    ) -> None:
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ValueError(
                f"Embedding: padding_idx must be a row of the table, 0 to {num_embeddings - 1}, "
                f"got {padding_idx}"
            )
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self.weight = normal_(new_parameter((num_embeddings, embedding_dim), dtype))
        if self.padding_idx is not None:
            self.weight.data[self.padding_idx] = 0

    def forward(self, ids: Array) -> tuple[Array, EmbeddingCache]:
        return embedding(ids, self.weight.data, self.padding_idx)

    def backward(self, dy: Array, cache: EmbeddingCache) -> None:
        """Adds the table's gradient. ids have none: returns None."""
        _, dweight = embedding_backward(dy, cache)
        self.add_grads(weight=dweight)

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
