"""Layer normalization as a layer."""

from __future__ import annotations

from typing import Any

from chainrule.functions import layer_norm, layer_norm_backward
from chainrule.functions.arrays import Array
from chainrule.functions.layer_norm import LayerNormCache

from .init import ones_
from .layer import Layer
from .new import new_parameter, optional_data


class LayerNorm(Layer):
    """Normalizes over the last axes, those of `normalized_shape` (an integer: the last one).

    weight (γ, begins at 1) and bias (β, begins at 0) have that shape; elementwise_affine=False leaves them out.
    See `chainrule.functions.layer_norm`.
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        dtype: Any = None,
    ) -> None:
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps = eps
        self.weight = ones_(new_parameter(self.normalized_shape, dtype)) if elementwise_affine else None
        self.bias = new_parameter(self.normalized_shape, dtype) if elementwise_affine and bias else None

    def forward(self, x: Array) -> tuple[Array, LayerNormCache]:
        axes = len(self.normalized_shape)
        if x.shape[-axes:] != self.normalized_shape:
            raise ValueError(f"LayerNorm expects the last axes {self.normalized_shape}, got an input of shape {tuple(x.shape)}")
        return layer_norm(x, optional_data(self.weight), optional_data(self.bias), self.eps, axes)

    def backward(self, dy: Array, cache: LayerNormCache) -> Array:
        dx, dweight, dbias = layer_norm_backward(dy, cache)
        self.add_grads(weight=dweight, bias=dbias)
        return dx

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}{'' if self.weight else ', elementwise_affine=False'}"
