"""Conv2d as a layer: two parameters around the pair conv2d / conv2d_backward."""

from __future__ import annotations

from typing import Any

from chainrule.functions import conv2d, conv2d_backward
from chainrule.functions.arrays import Array
from chainrule.functions.conv2d import Conv2dCache
from chainrule.functions.windows import Pair, as_pair

from .init import torch_default_
from .layer import Layer
from .new import new_parameter, optional_data


class Conv2d(Layer):
    """Convolution: (batch, in_channels, height, width) -> (batch, out_channels, out_height, out_width).

    weight (out_channels, in_channels / groups, kh, kw), bias (out_channels,); both begin uniform in
    ±1/√fan_in with fan_in = in_channels / groups · kh · kw, as in PyTorch. See `chainrule.functions.conv2d`
    for the mathematics.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair | str = 0,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
        dtype: Any = None,
    ) -> None:
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError(
                f"Conv2d: groups={groups} must divide in_channels={in_channels} and "
                f"out_channels={out_channels}"
            )
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size = as_pair(kernel_size, "kernel_size")
        self.stride, self.padding, self.dilation, self.groups = stride, padding, dilation, groups
        self.weight = new_parameter((out_channels, in_channels // groups, *self.kernel_size), dtype)
        self.bias = new_parameter((out_channels,), dtype) if bias else None
        torch_default_(self.weight, self.bias)

    def forward(self, x: Array) -> tuple[Array, Conv2dCache]:
        weight, bias = self.weight.data, optional_data(self.bias)
        return conv2d(x, weight, bias, self.stride, self.padding, self.dilation, self.groups)

    def backward(self, dy: Array, cache: Conv2dCache) -> Array:
        dx, dweight, dbias = conv2d_backward(dy, cache)
        self.add_grads(weight=dweight, bias=dbias)
        return dx

    def extra_repr(self) -> str:
        options = {"stride": (self.stride, 1), "padding": (self.padding, 0), "dilation": (self.dilation, 1)}
        options |= {"groups": (self.groups, 1), "bias": (self.bias is not None, True)}
        given = [f", {name}={value!r}" for name, (value, default) in options.items() if value != default]
        return f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}{''.join(given)}"
