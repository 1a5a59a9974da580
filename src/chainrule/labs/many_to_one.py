"""The labs' network for sequences: recurrent layers, and one answer read off the last step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.layers import Embedding, Layer, Linear


class ManyToOneCache(NamedTuple):
    embedding: Any
    layers: list[Any]
    output: tuple[int, ...]  # the shape of the last layer's output
    head: Any


class ManyToOne(Layer):
    """x (batch, time, features), or ids (batch, time) if there is an embedding -> (batch, outputs)."""

    def __init__(self, layers: Sequence[Layer], head: Linear, embedding: Embedding | None = None) -> None:
        self.embedding, self.layers, self.head = embedding, list(layers), head

    def forward(self, x: Array) -> tuple[Array, ManyToOneCache]:
        x, embedding_cache = (x, None) if self.embedding is None else self.embedding.forward(x)
        caches = []
        for layer in self.layers:
            (x, _), cache = layer.forward(x)
            caches.append(cache)
        y, head_cache = self.head.forward(x[:, -1])
        return y, ManyToOneCache(embedding_cache, caches, x.shape, head_cache)

    def backward(self, dy: Array, cache: ManyToOneCache) -> Array | None:
        dx = np.zeros(cache.output, dy.dtype)  # of all steps, only the last one was read
        dx[:, -1] = self.head.backward(dy, cache.head)
        for layer, layer_cache in zip(reversed(self.layers), reversed(cache.layers), strict=True):
            dx, _, _ = layer.backward((dx, None), layer_cache)
        if self.embedding is not None:
            self.embedding.backward(dx, cache.embedding)
            return None
        return dx
