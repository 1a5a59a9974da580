"""Sequential: one layer after the other. Its backward is the chain rule itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chainrule.functions.arrays import Array

from .layer import Layer


class Sequential(Layer):
    """y = f_n(... f_2(f_1(x))).

    Children are named 0, 1, 2, ... as in PyTorch, or by the keys of a dict: Sequential({"conv": ..., "relu":
    ...}).
    """

    def __init__(self, *layers: Layer | dict[str, Layer]) -> None:
        if len(layers) == 1 and isinstance(layers[0], dict):
            self.layers: dict[str, Layer] = dict(layers[0])
        else:
            self.layers = {str(i): layer for i, layer in enumerate(layers)}  # type: ignore[misc]
        for name, layer in self.layers.items():
            if not isinstance(layer, Layer):
                raise TypeError(f"Sequential holds layers, but {name} is a {type(layer).__name__}: {layer!r}")

    def forward(self, x: Array) -> tuple[Array, list[Any]]:
        caches = []
        for layer in self:
            x, cache = layer.forward(x)
            caches.append(cache)
        return x, caches

    def backward(self, dy: Array, cache: list[Any]) -> Array:
        # each layer receives what its successor returned: the gradient of its own output
        for layer, layer_cache in zip(reversed(list(self)), reversed(cache), strict=True):
            dy = layer.backward(dy, layer_cache)
        return dy

    def __call__(self, x: Array) -> Array:
        for layer in self:
            x = layer(x)  # no cache outlives its layer
        return x

    def named_children(self) -> Iterator[tuple[str, Layer]]:
        yield from self.layers.items()
        for name, child in super().named_children():
            if not name.startswith("layers."):  # what a subclass holds beside them
                yield name, child

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers.values())

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, index: int) -> Layer:
        return list(self)[index]
