"""Max pooling: every window keeps its largest number.

    y[n, c, r, q] = max over places (i, j) of x[n, c, r·s + i·d, q·s + j·d]          padded with -∞

Channels never meet: each is pooled alone.

**Backward.** Only the winner moved the output, with the factor 1; a small change of the others does not
change it. So dy goes to the place where the maximum stood, and forward has to remember that place. If several
numbers tie, *one* of them gets the gradient (the first, as in PyTorch): given to all, more gradient would
come out than went in. Where windows overlap, a pixel may win several times, and its gradients add up.

(LeCun et al. 1998 average; maximum: Ranzato et al. 2007, Scherer, Müller and Behnke 2010.)
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
    from .arrays import Float, Int


class MaxPool2dCache(NamedTuple):
    winner: Int[Array, "batch channels out_height out_width"]  # the winning place, i · kw + j
    padded_shape: tuple[int, ...]
    kernel_size: tuple[int, int]
    stride: tuple[int, int]
    sides: Sides
    dilation: tuple[int, int]


def max_pool2d(
    x: Float[Array, "batch channels height width"],
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    dilation: Pair = 1,
) -> tuple[Float[Array, "batch channels out_height out_width"], MaxPool2dCache]:
    """The largest number of each window; stride defaults to the kernel's size (windows side by side).

    NaN in a window makes its output NaN (which pixel then gets the gradient is not defined). Raises
    ValueError if x is not 4-D, if padding exceeds half the kernel, or if the window is larger than the padded
    image.
    """
    check_images("max_pool2d", x)
    kernel_size, dilation = as_pair(kernel_size, "kernel_size"), as_pair(dilation, "dilation")
    stride = kernel_size if stride is None else as_pair(stride, "stride")
    sides = as_sides(as_pair(padding, "padding", minimum=0), kernel_size, dilation)
    check_pool_padding("max_pool2d", sides, kernel_size)
    padded = pad2d(x, sides, value=-np.inf)
    out_size = output_size("max_pool2d", (padded.shape[2], padded.shape[3]), kernel_size, stride, dilation)

    place = np.min_scalar_type(kernel_size[0] * kernel_size[1]).type  # bytes for all usual kernels
    (_, _, grid), *others = window_offsets(kernel_size, stride, dilation, out_size)
    y = padded[grid].copy(order="K")                             # (batch, channels, out_h, out_w)
    winner = np.zeros_like(y, dtype=place)                       # place 0 leads
    for i, j, grid in others:
        candidate = padded[grid]
        # places come in rising order: whoever beats all before has the largest; in a tie the earlier wins
        np.maximum(winner, (candidate > y) * place(i * kernel_size[1] + j), out=winner)
        np.maximum(y, candidate, out=y)
    return y, MaxPool2dCache(winner, padded.shape, kernel_size, stride, sides, dilation)


def max_pool2d_backward(
    dy: Float[Array, "batch channels out_height out_width"], cache: MaxPool2dCache
) -> Float[Array, "batch channels height width"]:
    """Each winner receives the gradient of its window; a winner of several windows their sum."""
    winner, padded_shape, kernel_size, stride, sides, dilation = cache
    dpadded = zero_images(padded_shape, like=dy)
    for i, j, grid in window_offsets(kernel_size, stride, dilation, dy.shape[2:]):
        dpadded[grid] += dy * (winner == i * kernel_size[1] + j)
    return crop2d(dpadded, sides)
