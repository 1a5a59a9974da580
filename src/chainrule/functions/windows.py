"""What convolution and pooling share: padding an image, and the windows that slide over it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from .arrays import Array, describe

if TYPE_CHECKING:
    from .arrays import Num

Pair: TypeAlias = int | tuple[int, int]
Sides: TypeAlias = tuple[tuple[int, int], tuple[int, int]]  # ((top, bottom), (left, right))
IMAGE_AXES = ("batch", "channels", "height", "width")
Slices: TypeAlias = tuple[slice, slice, slice, slice]


def as_pair(value: Pair, name: str, minimum: int = 1) -> tuple[int, int]:
    """3 means (3, 3); a pair is (rows, columns)."""
    values = value if isinstance(value, tuple | list) else (value, value)
    if len(values) != 2 or any(not isinstance(v, int | np.integer) or v < minimum for v in values):
        raise ValueError(f"{name} must be an integer >= {minimum} or a pair of them, got {value!r}")
    return int(values[0]), int(values[1])


def as_sides(padding: Pair | str, kernel_size: tuple[int, int], dilation: tuple[int, int]) -> Sides:
    """Padding as ((top, bottom), (left, right)).

    "same" adds dilation * (kernel - 1) zeros in each direction, so that an output of stride 1 is as large as
    its input; if their number is odd, the extra one goes to the bottom or right, as in PyTorch.
    "valid" adds none.
    """
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise ValueError(f"padding must be an integer, a pair of them, 'same' or 'valid': {padding!r}")
        totals = [d * (k - 1) if padding == "same" else 0 for k, d in zip(kernel_size, dilation, strict=True)]
        return (totals[0] // 2, totals[0] - totals[0] // 2), (totals[1] // 2, totals[1] - totals[1] // 2)
    rows, columns = as_pair(padding, "padding", minimum=0)
    return (rows, rows), (columns, columns)


def zero_images(shape: tuple[int, ...], like: Array) -> Num[Array, "batch channels height width"]:
    """Images of zeros; the channels of one pixel stand side by side in memory (the fast order for what we
    do).
    """
    batch, channels, height, width = shape
    return np.zeros((batch, height, width, channels), dtype=like.dtype, like=like).transpose(0, 3, 1, 2)


def check_images(name: str, x: Array) -> None:
    """Raises ValueError unless x is 4-D."""
    if x.ndim != 4:
        hint = ", a single image needs a batch axis: image[None]" if x.ndim == 3 else ""
        axes = ", ".join(IMAGE_AXES)
        raise ValueError(f"{name} expects a 4-D input ({axes}), got {x.ndim}-D{hint}: {describe('input', x)}")


def pad2d(
    x: Num[Array, "batch channels height width"], sides: Sides, value: float = 0.0
) -> Num[Array, "batch channels padded_height padded_width"]:
    """Surrounds every image with `value`."""
    (top, bottom), (left, right) = sides
    if not (top or bottom or left or right):
        return x
    batch, channels, height, width = x.shape
    padded = zero_images((batch, channels, top + height + bottom, left + width + right), like=x)
    if value:
        padded += value
    padded[:, :, top : top + height, left : left + width] = x
    return padded


def crop2d(dpadded: Array, sides: Sides) -> Array:
    """The backward of `pad2d`: what was copied into the middle gets the middle's gradient; the rim was
    constant.
    """
    (top, bottom), (left, right) = sides
    height, width = dpadded.shape[2:]
    return dpadded[:, :, top : height - bottom, left : width - right]


def output_size(
    name: str,
    padded_size: tuple[int, int],
    kernel_size: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
) -> tuple[int, int]:
    """Windows per direction: floor((padded - dilation * (kernel - 1) - 1) / stride) + 1."""
    spans = [d * (k - 1) + 1 for k, d in zip(kernel_size, dilation, strict=True)]
    if any(size < span for size, span in zip(padded_size, spans, strict=True)):
        raise ValueError(
            f"{name}: a window of {spans[0]} x {spans[1]} (kernel {kernel_size}, dilation {dilation}) does "
            f"not fit into a padded input of {padded_size[0]} x {padded_size[1]}: use a smaller kernel, more "
            "padding or a larger image"
        )
    rows, columns = ((size - span) // s + 1 for size, span, s in zip(padded_size, spans, stride, strict=True))
    return rows, columns


def window_offsets(
    kernel_size: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    out_size: tuple[int, int],
) -> Iterator[tuple[int, int, Slices]]:
    """For each place (i, j) inside the window: the pixels that stand at that place, of all windows at once.

    Window (r, c) has its place (i, j) at the pixel (r * stride + i * dilation, c * stride + j * dilation), so
    the pixels form a regular grid, a plain slice. A loop over the few places of a kernel thus replaces one
    over all pixels.
    """
    for i in range(kernel_size[0]):
        for j in range(kernel_size[1]):
            top, left = i * dilation[0], j * dilation[1]
            rows = slice(top, top + stride[0] * (out_size[0] - 1) + 1, stride[0])
            columns = slice(left, left + stride[1] * (out_size[1] - 1) + 1, stride[1])
            yield i, j, (slice(None), slice(None), rows, columns)


def check_pool_padding(name: str, sides: Sides, kernel_size: tuple[int, int]) -> None:
    """Raises ValueError if padding exceeds half the kernel (PyTorch's rule): a window could hold no pixel."""
    if any(side[0] > k // 2 for side, k in zip(sides, kernel_size, strict=True)):
        raise ValueError(
            f"{name}: padding ({sides[0][0]}, {sides[1][0]}) exceeds half the kernel {kernel_size}: "
            "windows could hold no pixel"
        )
