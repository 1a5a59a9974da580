"""Adaptive average pooling: an image of any size becomes one of a given size, by means over bins.

Of `size` rows, output row r averages those from floor(r · size / out) up to, not including, ceil((r + 1) ·
size / out). Where out does not divide size, neighboring bins share a row. Output size 1 is *global average
pooling*, one number per channel (Lin, Chen and Yan 2014, section 3.2): a classifier behind it takes images of
any size.

**As two matrices.** Averaging rows is linear, so it is a matrix: R (out_height, height) holds 1 / (size of
the bin) where bin r covers the row, else 0. Columns alike, with C (out_width, width). For 5 rows and 3 bins:

        1/2 1/2  0   0   0
    R =  0  1/3 1/3 1/3  0            y = R x Cᵀ
         0   0   0  1/2 1/2

(A bin is a rectangle and the mean over a rectangle is the mean over its rows of the means over its columns;
so two matrices are enough.)

**Backward** is what follows for any y = R x Cᵀ: every matrix, transposed, in the same place:

    dx = Rᵀ dy C
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from .arrays import Array, describe
from .windows import IMAGE_AXES, check_images

if TYPE_CHECKING:
    from .arrays import Float

OutputSize: TypeAlias = int | tuple[int | None, int | None] | None


class AdaptiveAvgPool2dCache(NamedTuple):
    R: Float[Array, "out_height height"]
    C: Float[Array, "out_width width"]


def adaptive_avg_pool2d(
    x: Float[Array, "batch channels height width"], output_size: OutputSize
) -> tuple[Float[Array, "batch channels out_height out_width"], AdaptiveAvgPool2dCache]:
    """Means over bins; output_size is (rows, columns) or one integer for both, and None keeps the size of x.

    Raises ValueError if x is not 4-D or has no pixel, or if a size is below 1.
    """
    check_images("adaptive_avg_pool2d", x)
    if 0 in x.shape[2:]:
        raise ValueError(f"adaptive_avg_pool2d: the image has no pixel: {describe('input', x, IMAGE_AXES)}")
    rows, columns = as_output_size(output_size)
    R = _averaging(x.shape[2] if rows is None else rows, x.shape[2], like=x)
    C = _averaging(x.shape[3] if columns is None else columns, x.shape[3], like=x)
    y = R @ x @ C.T                                        # (batch, channels, out_h, out_w)
    return y, AdaptiveAvgPool2dCache(R, C)


def adaptive_avg_pool2d_backward(
    dy: Float[Array, "batch channels out_height out_width"], cache: AdaptiveAvgPool2dCache
) -> Float[Array, "batch channels height width"]:
    """Every number of a bin receives the bin's gradient, divided by the size of the bin."""
    R, C = cache
    dx: Array = R.T @ dy @ C                               # y = R @ x @ C.T
    return dx


def as_output_size(value: OutputSize) -> tuple[int | None, int | None]:
    """3 means (3, 3): first the rows, then the columns; None keeps a size."""
    sizes = (value, value) if value is None or isinstance(value, int | np.integer) else tuple(value)
    if len(sizes) != 2 or any(size is not None and (size != int(size) or size < 1) for size in sizes):
        raise ValueError(f"output_size must be an integer >= 1, None or a pair of them, got {value!r}")
    return sizes[0], sizes[1]


def _averaging(bins: int, size: int, like: Array) -> Float[Array, "bins size"]:
    """The matrix that averages `size` numbers into `bins` means."""
    bin_numbers = np.arange(bins, like=like)[:, None]
    start = bin_numbers * size // bins                     # (bins, 1)    floor
    end = ((bin_numbers + 1) * size + bins - 1) // bins    # (bins, 1)    ceil
    place = np.arange(size, like=like)                     # (size,)
    covered = (start <= place) & (place < end)             # (bins, size)
    averaging: Array = covered / covered.sum(-1, keepdims=True)
    return averaging.astype(like.dtype)
