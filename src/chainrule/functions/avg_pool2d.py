"""Average pooling: every window becomes the mean of its numbers.

    y[n, c, r, q] = 1/divisor · Σ over places (i, j) of x[n, c, r·s + i, q·s + j]          padded with 0

Channels never meet: each is pooled alone. It is a convolution of one fixed kernel, 1 / (kh·kw) everywhere,
per channel.

**What is the divisor at the rim?** With count_include_pad (the default, as in PyTorch) always kh·kw: zeros of
the padding are averaged in, and the rim grows darker. Without it, the number of real pixels in the window.

**Backward.** Each pixel of a window moved its mean with the factor 1/divisor. So each gets dy / divisor, and
where windows overlap, the sum. Nobody wins, as in max pooling; hence nothing of x needs to be remembered.

(LeCun et al. 1998, section II.A and II.B: "sub-sampling" there is this, times a weight, plus a bias.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .arrays import Array
from .windows import (
    Pair,
    Sides,
    as_pair,
    as_sides,
    check_images,
    check_pool_padding,
    crop2d,
    output_size,
    pad2d,
    window_offsets,
    zero_images,
)

if TYPE_CHECKING:
    from .arrays import Float

SIDE_BY_SIDE = (1, 1)  # the dilation: the pixels of a window touch each other


class AvgPool2dCache(NamedTuple):
    divisor: float | Float[Array, "1 1 out_height out_width"]  # how many numbers each window counts
    padded_shape: tuple[int, ...]
    kernel_size: tuple[int, int]
    stride: tuple[int, int]
    sides: Sides


def avg_pool2d(
    x: Float[Array, "batch channels height width"],
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    count_include_pad: bool = True,
) -> tuple[Float[Array, "batch channels out_height out_width"], AvgPool2dCache]:
    """The mean of each window; stride defaults to the kernel's size (windows side by side).

    Raises ValueError if x is not 4-D, if padding exceeds half the kernel, or if the window is larger than the
    padded image.
    """
    check_images("avg_pool2d", x)
    kernel_size = as_pair(kernel_size, "kernel_size")
    stride = kernel_size if stride is None else as_pair(stride, "stride")
    sides = as_sides(as_pair(padding, "padding", minimum=0), kernel_size, SIDE_BY_SIDE)
    check_pool_padding("avg_pool2d", sides, kernel_size)
    padded = pad2d(x, sides)                                           # (batch, channels, H, W)
    divisor: float | Array = kernel_size[0] * kernel_size[1]
    if not count_include_pad:
        # an image of ones: the sum of a window is how many real pixels it holds
        divisor = _window_sums(pad2d(np.ones_like(x[:1, :1]), sides), kernel_size, stride)
    y = _window_sums(padded, kernel_size, stride) / divisor            # (batch, channels, out_h, out_w)
    return y, AvgPool2dCache(divisor, padded.shape, kernel_size, stride, sides)


def avg_pool2d_backward(
    dy: Float[Array, "batch channels out_height out_width"], cache: AvgPool2dCache
) -> Float[Array, "batch channels height width"]:
    """Each pixel receives its share from every window that it stood in."""
    divisor, padded_shape, kernel_size, stride, sides = cache
    dsums = dy / divisor                                               # y = sums / divisor
    dpadded = zero_images(padded_shape, like=dy)
    for _, _, grid in window_offsets(kernel_size, stride, SIDE_BY_SIDE, dy.shape[2:]):
        dpadded[grid] += dsums                                         # sums = sums + padded[grid]
    return crop2d(dpadded, sides)


def _window_sums(padded: Array, kernel_size: tuple[int, int], stride: tuple[int, int]) -> Array:
    """The sum of each window: (batch, channels, H, W) -> (batch, channels, out_h, out_w)."""
    size = (padded.shape[2], padded.shape[3])
    out_size = output_size("avg_pool2d", size, kernel_size, stride, SIDE_BY_SIDE)
    sums = zero_images((*padded.shape[:2], *out_size), like=padded)
    for _, _, grid in window_offsets(kernel_size, stride, SIDE_BY_SIDE, out_size):
        sums = sums + padded[grid]
    return sums
