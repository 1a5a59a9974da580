"""Convolution: one small linear layer, applied to every patch of an image.

    y[n, o, r, c] = b[o] + Σ_{m, i, j} x[n, m, r·s + i·d, c·s + j·d] · W[o, m, i, j]

for sample n, output map o, input channel m, place (i, j) in the kernel, stride s, dilation d; x is padded with zeros
first. (The kernel is not flipped: strictly this is a cross-correlation, as in every deep learning library.)

**Why does one output map come out of three input channels?** Because the sum above runs over m as well. A patch is not a
square of kh x kw numbers, but a block of channels x kh x kw numbers: it goes through the whole depth of the image. One
kernel lies on one block and gives one number, just as one neuron of a linear layer gives one number for all its inputs.
Sliding it over the image gives one map, however many channels went in. More maps take more kernels.

**Why is the weight 4-D?** (out, in, kh, kw): for every output map, for every input channel, a square of kh x kw numbers.
With a weight of shape (out, kh, kw), all input channels would share one square: the layer would only see the *sum* of the
channels, and could not tell a red edge from a blue one. It would run, its gradient would agree with it, and it would not
learn what it should.

**Forward** lays every patch out as a row (this is called im2col). Then a convolution *is* a linear layer:

    patches (rows, kh·kw·in) @ kernels (kh·kw·in, out) = y_rows (rows, out)        with rows = batch·out_h·out_w

**Backward** is therefore the linear layer's, and one more question: what did copying pixels into patches do? A pixel
was copied into every patch that covers it, so its gradient is the *sum* over those patches. We never build that matrix of
patch gradients: for each place (i, j) of the kernel, the pixels that stood there form a regular grid, and the gradient
that arrives at that grid is dy times the slice W[:, :, i, j]. So the same sum, written by pixel:

    dx[n, m, r·s + i·d, c·s + j·d]  +=  Σₒ dy[n, o, r, c] · W[o, m, i, j]          for all (r, c), for each (i, j)

**Groups** cut the channels into `groups` parts that do not see each other: input part g makes output part g. With
groups = 1 everything sees everything; with groups = in it is a depthwise convolution. Below, groups is one more leading
axis: `groups` matrix products side by side.

Sources: LeCun et al. 1998, section II; Dumoulin and Visin, *A guide to convolution arithmetic*, 2016 (sizes);
Chellapilla, Puri and Simard 2006 (patches as rows).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from numpy.lib.stride_tricks import sliding_window_view

from .arrays import Array, describe
from .windows import (
    IMAGE_AXES,
    Pair,
    Sides,
    as_pair,
    as_sides,
    check_images,
    crop2d,
    output_size,
    pad2d,
    window_offsets,
    zero_images,
)

if TYPE_CHECKING:
    from .arrays import Float

class Conv2dCache(NamedTuple):
    patches: Float[Array, "groups rows kernel_numbers"]
    weight: Float[Array, "out in_per_group kh kw"]
    bias: Float[Array, " out"] | None
    padded_shape: tuple[int, ...]  # (batch, channels, padded_height, padded_width)
    stride: tuple[int, int]
    sides: Sides
    dilation: tuple[int, int]
    groups: int


def conv2d(
    x: Float[Array, "batch in height width"],
    weight: Float[Array, "out in_per_group kh kw"],
    bias: Float[Array, " out"] | None = None,
    stride: Pair = 1,
    padding: Pair | str = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> tuple[Float[Array, "batch out out_height out_width"], Conv2dCache]:
    """Slides `out` kernels over a batch of images; see the file's beginning for the formula.

    padding: zeros on each side, an integer or (rows, columns), or "same" (stride 1 only), or "valid" (none).
    out_height = floor((height + 2·padding - dilation·(kh - 1) - 1) / stride) + 1, and alike for the width.

    Raises ValueError if channels, groups and weight do not fit, or if the kernel is larger than the padded image.
    """
    stride, dilation = as_pair(stride, "stride"), as_pair(dilation, "dilation")
    _check(x, weight, bias, stride, padding, groups)
    out, in_per_group, kh, kw = weight.shape
    sides = as_sides(padding, (kh, kw), dilation)
    padded = pad2d(x, sides)                                                      # (batch, in, H, W)
    batch, _, height, width = padded.shape
    out_h, out_w = output_size("conv2d", (height, width), (kh, kw), stride, dilation)

    # all windows, as a view: nothing is copied yet           (batch, in, out_h, out_w, kh, kw)
    span = (dilation[0] * (kh - 1) + 1, dilation[1] * (kw - 1) + 1)
    windows = sliding_window_view(padded, span, axis=(2, 3))
    windows = windows[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]
    # every patch a row: the channels of one pixel stand side by side, so that whole runs of memory are copied
    windows = windows.reshape(batch, groups, in_per_group, out_h, out_w, kh, kw).transpose(1, 0, 3, 4, 5, 6, 2)
    patches = windows.reshape(groups, batch * out_h * out_w, kh * kw * in_per_group)
    # every kernel a column, its numbers in the same order
    kernels = weight.reshape(groups, out // groups, in_per_group, kh, kw).transpose(0, 3, 4, 2, 1)
    kernels = kernels.reshape(groups, kh * kw * in_per_group, out // groups)

    y_rows = patches @ kernels                                                    # (groups, rows, out / groups)
    y = _rows_to_maps(y_rows, batch, out_h, out_w)                                # (batch, out, out_h, out_w)
    if bias is not None:
        y = y + bias[:, None, None]
    return y, Conv2dCache(patches, weight, bias, padded.shape, stride, sides, dilation, groups)


def conv2d_backward(
    dy: Float[Array, "batch out out_height out_width"], cache: Conv2dCache
) -> tuple[
    Float[Array, "batch in height width"],
    Float[Array, "out in_per_group kh kw"],
    Float[Array, " out"] | None,
]:
    """Returns (dx, dweight, dbias); dbias is None where forward had no bias."""
    patches, weight, bias, padded_shape, stride, sides, dilation, groups = cache
    out, in_per_group, kh, kw = weight.shape
    out_h, out_w = dy.shape[2:]

    # y = y + bias[:, None, None]: one number for all samples and places
    dbias = None if bias is None else dy.sum((0, 2, 3))

    dy_rows = _maps_to_rows(dy, groups)                                           # (groups, rows, out / groups)
    # y_rows = patches @ kernels
    dkernels = patches.swapaxes(1, 2) @ dy_rows                                   # (groups, kh·kw·in, out / groups)
    dweight = dkernels.reshape(groups, kh, kw, in_per_group, out // groups).transpose(0, 4, 3, 1, 2)
    dweight = dweight.reshape(weight.shape)                                       # (out, in_per_group, kh, kw)

    # each pixel adds up what comes back from every patch into which it was copied
    by_group = weight.reshape(groups, out // groups, in_per_group, kh, kw)
    dpadded = zero_images(padded_shape, like=dy)
    for i, j, grid in window_offsets((kh, kw), stride, dilation, (out_h, out_w)):
        dpixels = dy_rows @ by_group[..., i, j]                                   # (groups, rows, in_per_group)
        dpadded[grid] += _rows_to_maps(dpixels, len(dy), out_h, out_w)             # the pixels at place (i, j)
    dx = crop2d(dpadded, sides)
    return dx, dweight, dbias


def _maps_to_rows(maps: Array, groups: int) -> Array:
    """(batch, channels, h, w) -> (groups, batch·h·w, channels / groups): each pixel becomes a row of its channels."""
    batch, channels, h, w = maps.shape
    rows = maps.transpose(0, 2, 3, 1).reshape(batch * h * w, groups, channels // groups)
    return rows.swapaxes(0, 1)


def _rows_to_maps(rows: Array, batch: int, h: int, w: int) -> Array:
    """(groups, batch·h·w, channels / groups) -> (batch, channels, h, w): the way back."""
    groups, _, per_group = rows.shape
    return rows.swapaxes(0, 1).reshape(batch, h, w, groups * per_group).transpose(0, 3, 1, 2)


def _check(
    x: Array, weight: Array, bias: Array | None, stride: tuple[int, int], padding: Pair | str, groups: int
) -> None:
    check_images("conv2d", x)
    shapes = f"{describe('input', x, IMAGE_AXES)}, {describe('weight', weight)}"
    if weight.ndim != 4:
        hint = "; with 3 axes all input channels would share one kernel" if weight.ndim == 3 else ""
        raise ValueError(f"conv2d expects a 4-D weight (out, in / groups, kh, kw), got {weight.ndim}-D: {shapes}{hint}")
    out, in_per_group = weight.shape[:2]
    if groups < 1 or out % groups:
        raise ValueError(f"conv2d: groups must be >= 1 and divide the {out} output channels, got groups={groups}: {shapes}")
    if x.shape[1] != in_per_group * groups:
        grouped = f" ({groups} groups of {in_per_group})" if groups > 1 else ""
        raise ValueError(
            f"conv2d expects {in_per_group * groups} input channels{grouped}, got {x.shape[1]}: {shapes}"
        )
    if bias is not None and bias.shape != (out,):
        raise ValueError(f"conv2d expects one bias per output channel, ({out},), got {tuple(bias.shape)}: {shapes}")
    if padding == "same" and stride != (1, 1):
        raise ValueError(f"conv2d: padding='same' is defined for stride 1 only, got stride {stride}")
