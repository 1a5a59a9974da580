"""Pooling as layers, from (batch, channels, height, width) to (batch, channels, out_height, out_width)."""

from __future__ import annotations

from chainrule.functions import (
    adaptive_avg_pool2d,
    adaptive_avg_pool2d_backward,
    avg_pool2d,
    avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)
from chainrule.functions.adaptive_avg_pool2d import OutputSize, as_output_size
from chainrule.functions.windows import Pair

from .parameterless import Parameterless


class MaxPool2d(Parameterless):
    """The largest of each window; stride: kernel_size by default. See `chainrule.functions.max_pool2d`."""

    pair = (max_pool2d, max_pool2d_backward)
    options = ("kernel_size", "stride", "padding", "dilation")

    def __init__(
        self, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0, dilation: Pair = 1
    ) -> None:
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation


class AvgPool2d(Parameterless):
    """The mean of each window; stride: kernel_size by default. See `chainrule.functions.avg_pool2d`."""

    pair = (avg_pool2d, avg_pool2d_backward)
    options = ("kernel_size", "stride", "padding", "count_include_pad")

    def __init__(
        self,
        kernel_size: Pair,
        stride: Pair | None = None,
        padding: Pair = 0,
        count_include_pad: bool = True,
    ) -> None:
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.count_include_pad = padding, count_include_pad


class AdaptiveAvgPool2d(Parameterless):
    """Means over bins, so that the output has `output_size`; 1 is global average pooling, None keeps a size.

    See `chainrule.functions.adaptive_avg_pool2d`.
    """

    pair = (adaptive_avg_pool2d, adaptive_avg_pool2d_backward)
    options = ("output_size",)

    def __init__(self, output_size: OutputSize) -> None:
        as_output_size(output_size)
        self.output_size = output_size
