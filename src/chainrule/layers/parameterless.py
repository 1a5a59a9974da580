"""What all layers without parameters share: a pair of functions, and the options that forward is called with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from chainrule.functions.arrays import Array

from .layer import Layer


class Parameterless(Layer):
    """forward(x) = function(x, **options); backward(dy, cache) = function_backward(dy, cache)."""

    function: ClassVar[Callable[..., tuple[Array, Any]]]
    function_backward: ClassVar[Callable[[Array, Any], Array]]

    def __init__(self, **options: Any) -> None:
        self.options = options

    def forward(self, x: Array) -> tuple[Array, Any]:
        return type(self).function(x, **self.options)

    def backward(self, dy: Array, cache: Any) -> Array:
        return type(self).function_backward(dy, cache)

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self.options.items() if value is not None)
