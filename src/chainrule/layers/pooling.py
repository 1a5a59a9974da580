"""Pooling as layers: (batch, channels, height, width) -> (batch, channels, out_height, out_width), without parameters."""

from __future__ import annotations

from chainrule.functions import (
    adaptive_avg_pool2d,
    adaptive_avg_pool2d_backward,
    avg_pool2d,
    avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)
from chainrule.functions.windows import Pair

from .parameterless import Parameterless


class MaxPool2d(Parameterless):
    """The largest number of each window; stride defaults to kernel_size. See `chainrule.functions.max_pool2d`."""

    function, function_backward = staticmethod(max_pool2d), staticmethod(max_pool2d_backward)

    def __init__(
        self, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0, dilation: Pair = 1
    ) -> None:
        super().__init__(kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation)


class AvgPool2d(Parameterless):
    """The mean of each window; stride defaults to kernel_size. See `chainrule.functions.avg_pool2d`."""

    function, function_backward = staticmethod(avg_pool2d), staticmethod(avg_pool2d_backward)

    def __init__(
        self, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0, count_include_pad: bool = True
    ) -> None:
        super().__init__(kernel_size=kernel_size, stride=stride, padding=padding, count_include_pad=count_include_pad)


class AdaptiveAvgPool2d(Parameterless):
    """Averages to output_size, whatever the input's size; 1 is global average pooling. See `chainrule.functions.adaptive_avg_pool2d`."""

    function, function_backward = staticmethod(adaptive_avg_pool2d), staticmethod(adaptive_avg_pool2d_backward)

    def __init__(self, output_size: int | None | tuple[int | None, int | None]) -> None:
        super().__init__(output_size=output_size)
