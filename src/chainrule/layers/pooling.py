"""Pooling as layers: no parameters, only options."""

from __future__ import annotations

from chainrule.functions import max_pool2d, max_pool2d_backward
from chainrule.functions.arrays import Array
from chainrule.functions.max_pool2d import MaxPool2dCache
from chainrule.functions.windows import Pair

from .layer import Layer


class MaxPool2d(Layer):
    """The largest number of each window: (batch, channels, height, width) -> (batch, channels, out_height, out_width).

    stride defaults to kernel_size. See `chainrule.functions.max_pool2d`.
    """

    def __init__(
        self, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0, dilation: Pair = 1
    ) -> None:
        self.kernel_size, self.stride, self.padding, self.dilation = kernel_size, stride, padding, dilation

    def forward(self, x: Array) -> tuple[Array, MaxPool2dCache]:
        return max_pool2d(x, self.kernel_size, self.stride, self.padding, self.dilation)

    def backward(self, dy: Array, cache: MaxPool2dCache) -> Array:
        return max_pool2d_backward(dy, cache)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}" + (f", stride={self.stride}" if self.stride else "")
