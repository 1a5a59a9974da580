"""The labs' network for sequences of symbols: Transformer layers, and an answer at each position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from chainrule.functions.arrays import Array
from chainrule.layers import Layer, LayerNorm, Linear
from chainrule.models.token_embedding import TokenEmbedding


class EachPositionCache(NamedTuple):
    input: Any
    layers: list[Any]
    norm: Any
    output: Any


class EachPosition(Layer):
    """ids (batch, time) -> logits (batch, time, symbols).

    layers: what has the forward and the backward of TransformerEncoderLayer. norm: behind the last of them,
    where they are pre-norm. is_causal: no position sees what comes later.
    """

    def __init__(
        self,
        input: TokenEmbedding,
        layers: Sequence[Layer],
        norm: LayerNorm | None,
        output: Linear,
        is_causal: bool = False,
    ) -> None:
        self.input, self.layers, self.norm, self.output = input, list(layers), norm, output
        self.is_causal = is_causal

    def forward(self, ids: Array, start: int = 0) -> tuple[Array, EachPositionCache]:
        """start: the position of the first id."""
        x, input_cache = self.input.forward(ids, start)
        caches = []
        for layer in self.layers:
            x, cache = layer.forward(x, is_causal=self.is_causal)
            caches.append(cache)
        x, norm_cache = (x, None) if self.norm is None else self.norm.forward(x)
        logits, output_cache = self.output.forward(x)
        return logits, EachPositionCache(input_cache, caches, norm_cache, output_cache)

    def backward(self, dlogits: Array, cache: EachPositionCache) -> None:
        *_, dx = self.arriving(dlogits, cache)
        self.input.backward(dx, cache.input)

    def arriving(self, dlogits: Array, cache: EachPositionCache) -> list[Array]:
        """What comes back to the output of each layer, of the last one first, and to the first one's input.

        Adds the gradients of all parameters but the input's.
        """
        dx = self.output.backward(dlogits, cache.output)
        gradients = [dx if self.norm is None else self.norm.backward(dx, cache.norm)]
        for layer, layer_cache in zip(reversed(self.layers), reversed(cache.layers), strict=True):
            gradients.append(layer.backward(gradients[-1], layer_cache))
        return gradients
