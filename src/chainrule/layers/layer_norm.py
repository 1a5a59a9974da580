"""LayerNorm as a layer: two parameters around the pair layer_norm / layer_norm_backward."""

from __future__ import annotations

from typing import Any

from chainrule.functions import layer_norm, layer_norm_backward
from chainrule.functions.arrays import Array, describe
from chainrule.functions.layer_norm import LayerNormCache

from .init import ones_
from .layer import Layer
from .new import new_parameter, optional_data


class LayerNorm(Layer):
    """Every sample gets mean 0 and variance 1 over its last axes, those of normalized_shape.

    weight (γ) begins at 1, bias (β) at 0, both of normalized_shape; elementwise_affine=False leaves both out,
    bias=False the bias. See `chainrule.functions.layer_norm` for the mathematics.
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        dtype: Any = None,
    ) -> None:
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        if not shape or min(shape) < 1:
            raise ValueError(f"LayerNorm: normalized_shape needs sizes of at least 1, got {normalized_shape}")
        self.normalized_shape, self.eps, self.elementwise_affine = shape, float(eps), elementwise_affine
        self.weight = ones_(new_parameter(shape, dtype)) if elementwise_affine else None
        self.bias = new_parameter(shape, dtype) if elementwise_affine and bias else None

    def forward(self, x: Array) -> tuple[Array, LayerNormCache]:
        axes = len(self.normalized_shape)
        if x.shape[-axes:] != self.normalized_shape:
            raise ValueError(
                f"LayerNorm expects the last axes to be {self.normalized_shape}, got {describe('input', x)}"
            )
        weight, bias = optional_data(self.weight), optional_data(self.bias)
        return layer_norm(x, weight, bias, normalized_axes=axes, eps=self.eps)

    def backward(self, dy: Array, cache: LayerNormCache) -> Array:
        dx, dweight, dbias = layer_norm_backward(dy, cache)
        self.add_grads(weight=dweight, bias=dbias)
        return dx

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
