"""Activations as layers: no parameters, element by element."""

from __future__ import annotations

from chainrule.functions import relu, relu_backward
from chainrule.functions.arrays import Array
from chainrule.functions.relu import ReLUCache

from .layer import Layer


class ReLU(Layer):
    """max(x, 0), any shape. See `chainrule.functions.relu`."""

    def forward(self, x: Array) -> tuple[Array, ReLUCache]:
        return relu(x)

    def backward(self, dy: Array, cache: ReLUCache) -> Array:
        return relu_backward(dy, cache)
