"""Linear as a layer: two parameters around the pair linear / linear_backward."""

from __future__ import annotations

from typing import Any

from chainrule.functions import linear, linear_backward
from chainrule.functions.arrays import Array
from chainrule.functions.linear import LinearCache

from .init import torch_default_
from .layer import Layer
from .new import new_parameter, optional_data


class Linear(Layer):
    """y = x Wᵀ + b: (..., in_features) -> (..., out_features).

    weight (out_features, in_features), bias (out_features,); both begin uniform in ±1/√in_features, as in
    PyTorch. See `chainrule.functions.linear` for the mathematics.
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True, dtype: Any = None) -> None:
        self.in_features, self.out_features = in_features, out_features
        self.weight = new_parameter((out_features, in_features), dtype)
        self.bias = new_parameter((out_features,), dtype) if bias else None
        torch_default_(self.weight, self.bias)

    def forward(self, x: Array) -> tuple[Array, LinearCache]:
        return linear(x, self.weight.data, optional_data(self.bias))

    def backward(self, dy: Array, cache: LinearCache) -> Array:
        dx, dweight, dbias = linear_backward(dy, cache)
        self.add_grads(weight=dweight, bias=dbias)
        return dx

    def extra_repr(self) -> str:
        return f"{self.in_features}, {self.out_features}{'' if self.bias else ', bias=False'}"
