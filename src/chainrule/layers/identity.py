"""Identity: y = x."""

from __future__ import annotations

from typing import Any

from chainrule.functions.arrays import Array

from .layer import Layer


class Identity(Layer):
    """Leaves everything as it is: to stand where a layer may be left out. Takes and ignores any arguments."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def forward(self, x: Array) -> tuple[Array, None]:
        return x, None

    def backward(self, dy: Array, cache: None) -> Array:
        return dy
