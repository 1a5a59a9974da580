"""Padding and sliding windows: what convolution and pooling share."""

from __future__ import annotations

import numpy as np
import pytest
from protocol import normal

from chainrule.functions.arrays import describe
from chainrule.functions.windows import (
    as_pair,
    as_sides,
    check_pool_padding,
    crop2d,
    output_size,
    pad2d,
    window_offsets,
    zero_images,
)


def test_an_integer_stands_for_rows_and_columns() -> None:
    assert as_pair(3, "stride") == (3, 3)
    assert as_pair((2, 5), "stride") == (2, 5)
    assert as_pair(np.int64(4), "stride") == (4, 4)


@pytest.mark.parametrize("wrong", [0, -1, (1,), (1, 2, 3), (1, 0), (1.5, 2)])
def test_what_is_no_pair_of_positive_integers_is_named(wrong: object) -> None:
    with pytest.raises(ValueError, match="stride must be an integer >= 1 or a pair of them, got"):
        as_pair(wrong, "stride")


def test_same_adds_what_the_kernel_takes_away_an_odd_one_at_the_bottom_and_right() -> None:
    assert as_sides("same", (3, 5), (1, 1)) == ((1, 1), (2, 2))
    assert as_sides("same", (2, 4), (1, 1)) == ((0, 1), (1, 2))
    assert as_sides("same", (2, 3), (3, 2)) == ((1, 2), (2, 2))
    assert as_sides("valid", (3, 5), (1, 1)) == ((0, 0), (0, 0))
    assert as_sides((1, 2), (3, 5), (1, 1)) == ((1, 1), (2, 2))


def test_cropping_takes_away_what_padding_added() -> None:
    x, sides = normal(2, 3, 4, 5), ((1, 2), (0, 3))
    padded = pad2d(x, sides, value=-np.inf)
    assert padded.shape == (2, 3, 7, 8)
    assert np.isneginf(padded).sum() == padded.size - x.size
    np.testing.assert_array_equal(crop2d(padded, sides), x)


def test_no_padding_copies_nothing() -> None:
    x = normal(2, 3, 4, 5)
    assert pad2d(x, ((0, 0), (0, 0))) is x


def test_padding_on_one_side_only_is_padding() -> None:
    for sides in (((1, 0), (0, 0)), ((0, 1), (0, 0)), ((0, 0), (1, 0)), ((0, 0), (0, 1))):
        assert pad2d(normal(2, 3, 4, 5), sides).size > 2 * 3 * 4 * 5


def test_images_of_zeros_have_the_channels_of_a_pixel_side_by_side() -> None:
    zeros = zero_images((2, 3, 4, 5), like=np.zeros(1, dtype=np.float32))
    assert zeros.shape == (2, 3, 4, 5)
    assert zeros.dtype == np.float32
    assert zeros.strides[1] == zeros.itemsize


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "dilation"),
    [((5, 7), (2, 3), (1, 1), (1, 1)), ((9, 8), (3, 2), (2, 3), (1, 2)), ((6, 7), (2, 2), (3, 4), (2, 1))],
)
def test_the_offsets_of_all_places_make_up_the_windows(
    size: tuple[int, int], kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]
) -> None:
    """Pixel (i, j) of window (r, c) stands at (r · stride + i · dilation, c · stride + j · dilation)."""
    pixels = np.arange(size[0] * size[1]).reshape(1, 1, *size)
    out_size = output_size("test", size, kernel, stride, dilation)
    places = list(window_offsets(kernel, stride, dilation, out_size))
    assert [(i, j) for i, j, _ in places] == list(np.ndindex(kernel))
    for i, j, grid in places:
        assert pixels[grid].shape == (1, 1, *out_size)
        for r, c in np.ndindex(out_size):
            at = pixels[0, 0, r * stride[0] + i * dilation[0], c * stride[1] + j * dilation[1]]
            assert pixels[grid][0, 0, r, c] == at


def test_one_more_window_would_not_fit() -> None:
    assert output_size("test", (7, 8), (3, 3), (2, 2), (1, 1)) == (3, 3)
    assert output_size("test", (3, 3), (3, 3), (2, 2), (1, 1)) == (1, 1)
    with pytest.raises(
        ValueError, match=r"pool: a window of 3 x 3 .*padded input of 2 x 3: use a smaller kernel"
    ):
        output_size("pool", (2, 3), (3, 3), (1, 1), (1, 1))
    with pytest.raises(ValueError, match=r"pool: a window of 3 x 5 .*padded input of 9 x 4"):
        output_size("pool", (9, 4), (2, 3), (1, 1), (2, 2))


def test_padding_of_a_pool_may_not_exceed_half_its_kernel() -> None:
    check_pool_padding("pool", ((1, 1), (2, 2)), (2, 5))
    with pytest.raises(ValueError, match=r"pool: padding \(1, 3\) exceeds half the kernel \(2, 5\)"):
        check_pool_padding("pool", ((1, 1), (3, 3)), (2, 5))


def test_an_array_in_a_message_names_its_axes_if_it_has_as_many() -> None:
    assert describe("input", np.zeros((2, 3)), ("batch", "features")) == "input (batch 2, features 3)"
    assert describe("input", np.zeros((2, 3)), ("batch",)) == "input (2, 3)"
