"""What all layers without parameters share: one pair of functions, and the options that forward takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from chainrule.functions.arrays import Array

from .layer import Layer


class Parameterless(Layer):
    """A pair of functions as a layer. A subclass names them, and its attributes that forward is called with:

        pair = (leaky_relu, leaky_relu_backward)
        options = ("negative_slope",)

    See `chainrule.layers.activations`.
    """

    pair: ClassVar[tuple[Callable[..., tuple[Array, Any]], Callable[[Any, Any], Array]]]
    options: ClassVar[tuple[str, ...]] = ()

    def forward(self, x: Array) -> tuple[Array, Any]:
        function, _ = self.pair
        return function(x, **{name: getattr(self, name) for name in self.options})

    def backward(self, dy: Array, cache: Any) -> Array:
        _, function_backward = self.pair
        return function_backward(dy, cache)

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in self.options)
