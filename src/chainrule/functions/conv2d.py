"""Convolution: one small linear layer, applied to every patch of an image.

    y[n, o, r, c] = b[o] + Σ_{m, i, j} x[n, m, r·s + i·d, c·s + j·d] · W[o, m, i, j]

for sample n, output channel o, row r and column c of the output, input channel m. The words: a *kernel* is kh
x kw weights for every input channel; (i, j) is a place in it. A *patch* is the block of pixels under the
kernel. The *stride* s is the step from one patch to the next, the *dilation* d the distance between the
pixels of one patch. Here x has been *padded* with a rim of zeros already, and the formula is written for one
group and square steps. (The kernel is not flipped: strictly this is a cross-correlation, as in every deep
learning library.)

**Why does one output map come out of three input channels?** Because the sum runs over m as well. A patch is
not a square of kh x kw pixels, but a block of channels x kh x kw: it goes through all channels. One kernel
lies on one block and gives one number, just as one output of a linear layer is one number made of all its
inputs. Sliding it over the image gives one map, however many channels went in. For more maps, use more
kernels: one kernel per map.

**Why is the weight 4-D?** (out, in, kh, kw): for every output map, for every input channel, a square of kh x
kw numbers. With a weight of shape (out, kh, kw), all input channels would share one square: the layer would
only see the *sum* of the channels, and could not tell a red edge from a blue one. A gradient check would even
pass, since the gradient would be right, for the wrong function. Only the shape gives it away; so `conv2d`
refuses such a weight.

**Forward** lays every patch out as a row (this is called im2col). Then a convolution *is* a linear layer:

    patches (rows, kh·kw·in) @ kernels (kh·kw·in, out) = y_rows (rows, out)        rows = batch·out_h·out_w

**Backward** is the linear layer's backward plus one question: what did copying pixels into patches do? A
pixel was copied into every patch that covers it, so its gradient is the *sum* over those patches. For
example, a 3 x 3 image under a 2 x 2 kernel of ones, with dy = 1 everywhere: the corners are in one patch, the
center in all four,

    stride 1:  dx = 1 2 1        stride 2 (one patch only):  dx = 1 1 0
                    2 4 2                                         1 1 0
                    1 2 1                                         0 0 0

The gradients of all patches, dy_rows @ kernelsᵀ, would be a matrix as large as the patches themselves. It is
taken one place (i, j) of the kernel at a time instead. The pixels that stood at this place, of all patches,
form a regular grid, and the same weights W[:, :, i, j] lay on all of them:

    for each place (i, j), for all n, r, c:
        dx[n, m, r·s + i·d, c·s + j·d]  grows by  Σₒ dy[n, o, r, c] · W[o, m, i, j]

At the end the rim that padding had added is cut off.

**Groups**: each output channel reads only the input channels of its own group, in / groups of them; so the
second axis of the weight is in / groups long, and m runs over them. One group is the ordinary convolution; as
many groups as input channels make a depthwise one. In the code, `groups` is one more leading axis of patches,
kernels and y_rows: that many matrix products side by side.

Sources: LeCun et al. 1998, section II; Dumoulin and Visin, *A guide to convolution arithmetic*, 2016 (sizes);
Chellapilla, Puri and Simard 2006 (patches as rows).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .arrays import Array, check_same_dtype, describe
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
    patches: Float[Array, "groups rows kh*kw*in_per_group"]
    weight: Float[Array, "out in_per_group kh kw"]
    bias: Float[Array, " out"] | None
    padded_shape: tuple[int, ...]  # (batch, in, padded_height, padded_width)
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
    """Slides `out` kernels over a batch of images; the formula stands at the beginning of this file.

    stride and dilation: an integer, or (rows, columns). padding: zeros on each side, an integer or (rows,
    columns); "valid" (none); or "same" (stride 1 only), which keeps the size. With integers, out_height =
    floor((height + 2·padding - dilation·(kh - 1) - 1) / stride) + 1, and likewise the width.

    Raises ValueError if the axes of x, weight and bias do not fit, or if the (dilated) kernel is larger than
    the padded image.
    """
    stride, dilation = as_pair(stride, "stride"), as_pair(dilation, "dilation")
    _check(x, weight, bias, stride, padding, groups)
    out, in_per_group, kh, kw = weight.shape
    sides = as_sides(padding, (kh, kw), dilation)
    padded = pad2d(x, sides)                                 # (batch, in, height + ..., width + ...)
    batch, _, height, width = padded.shape
    out_h, out_w = output_size("conv2d", (height, width), (kh, kw), stride, dilation)

    # every window of the image, as a view: nothing is copied yet
    span = (dilation[0] * (kh - 1) + 1, dilation[1] * (kw - 1) + 1)  # from a patch's first pixel to its last
    windows = sliding_window_view(padded, span, axis=(2, 3))  # one at every pixel
    windows = windows[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]
    # (batch, in, out_h, out_w, kh, kw) -> (groups, batch, out_h, out_w, kh, kw, in_per_group): with the
    # channels last, whole runs of memory are copied, if x lies in memory like that (our layers leave it so)
    windows = windows.reshape(batch, groups, in_per_group, out_h, out_w, kh, kw)
    windows = windows.transpose(1, 0, 3, 4, 5, 6, 2)
    patches = windows.reshape(groups, batch * out_h * out_w, kh * kw * in_per_group)

    # every kernel a column, its numbers in the order of a patch
    kernels = weight.reshape(groups, out // groups, in_per_group, kh, kw)
    kernels = kernels.transpose(0, 3, 4, 2, 1)               # (groups, kh, kw, in_per_group, out / groups)
    kernels = kernels.reshape(groups, kh * kw * in_per_group, out // groups)

    y_rows = patches @ kernels                               # (groups, rows, out / groups)
    if bias is not None:
        y_rows += bias.reshape(groups, 1, out // groups)     # one number for all samples and places
    y = _rows_to_maps(y_rows, batch, out_h, out_w)           # (batch, out, out_h, out_w)
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
    batch, _, out_h, out_w = dy.shape

    # y = _rows_to_maps(y_rows)
    dy_rows = _maps_to_rows(dy, groups)                      # (groups, rows, out / groups)

    # y_rows += bias, the same for all rows: summed over them
    dbias = None if bias is None else np.einsum("gro->go", dy_rows).reshape(out)

    # y_rows = patches @ kernels, for kernels
    dkernels = patches.swapaxes(1, 2) @ dy_rows              # (groups, kh·kw·in_per_group, out / groups)
    # kernels = weight, reshaped, transposed, reshaped: the same three, undone from the last to the first
    dkernels = dkernels.reshape(groups, kh, kw, in_per_group, out // groups)
    dweight = dkernels.transpose(0, 4, 3, 1, 2).reshape(weight.shape)  # (out, in_per_group, kh, kw)

    # y_rows = patches @ kernels, for patches: the columns of one place (i, j) at a time
    weight_by_group = weight.reshape(groups, out // groups, in_per_group, kh, kw)
    dpadded = zero_images(padded_shape, like=dy)             # (batch, in, height + ..., width + ...)
    for i, j, grid in window_offsets((kh, kw), stride, dilation, (out_h, out_w)):
        dpixels = dy_rows @ weight_by_group[..., i, j]       # (groups, rows, in_per_group)
        # patches were copied from the image: a pixel adds up what comes back from all its copies. In one grid
        # no pixel stands twice; where patches overlap, its copies have different places (i, j)
        dpadded[grid] += _rows_to_maps(dpixels, batch, out_h, out_w)
    # padded = pad2d(x): the rim was constant
    dx = crop2d(dpadded, sides)
    return dx, dweight, dbias


def _maps_to_rows(maps: Array, groups: int) -> Array:
    """(batch, channels, h, w) -> (groups, batch·h·w, channels / groups): a row for each pixel."""
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
        raise ValueError(
            f"conv2d expects a 4-D weight (out, in / groups, kh, kw), got {weight.ndim}-D: {shapes}{hint}"
        )
    out, in_per_group = weight.shape[:2]
    if groups < 1 or out % groups:
        raise ValueError(
            f"conv2d: groups must be >= 1 and divide the {out} output channels, got groups={groups}: {shapes}"
        )
    if x.shape[1] != in_per_group * groups:
        grouped = f" ({groups} groups of {in_per_group})" if groups > 1 else ""
        raise ValueError(
            f"conv2d expects {in_per_group * groups} input channels{grouped}, got {x.shape[1]}: {shapes}"
        )
    check_same_dtype("conv2d", x, weight)
    if bias is not None and bias.shape != (out,):
        raise ValueError(
            f"conv2d expects one bias per output channel, ({out},), got {tuple(bias.shape)}: {shapes}"
        )
    if padding == "same" and stride != (1, 1):
        raise ValueError(f"conv2d: padding='same' is defined for stride 1 only, got stride {stride}")
