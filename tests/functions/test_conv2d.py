"""Convolution: each option alone and together, against measured slopes, against PyTorch and against the plain
formula.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from protocol import check_function, compare_function, normal, torch_or_skip

from chainrule.functions import conv2d, conv2d_backward

# all sizes distinct, nothing square, more than one sample: (batch, in, height, width), (out, in, kh, kw)
OPTIONS: dict[str, tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = {
    "plain": ((2, 3, 5, 6), (4, 3, 2, 3), {}),
    "1 x 1": ((2, 3, 4, 5), (6, 3, 1, 1), {}),
    "kernel as large as the image": ((2, 3, 4, 5), (6, 3, 4, 5), {}),
    "stride < kernel": ((2, 3, 7, 6), (4, 3, 3, 2), {"stride": (2, 1)}),
    "stride > kernel": ((2, 3, 8, 7), (4, 3, 2, 1), {"stride": (3, 2)}),
    "stride that leaves a rest": ((2, 3, 8, 6), (4, 3, 3, 2), {"stride": 3}),
    "padding": ((2, 3, 4, 5), (6, 3, 3, 2), {"padding": 1}),
    "padding by a pair": ((2, 3, 4, 5), (6, 3, 3, 2), {"padding": (2, 1)}),
    "padding larger than the kernel": ((2, 3, 1, 2), (4, 3, 2, 1), {"padding": (3, 2)}),
    "same": ((2, 3, 4, 5), (6, 3, 3, 1), {"padding": "same"}),
    "same with even kernels": ((2, 3, 5, 6), (7, 3, 2, 4), {"padding": "same"}),
    "same with dilation": ((2, 3, 5, 6), (4, 3, 2, 3), {"padding": "same", "dilation": (1, 2)}),
    "valid": ((2, 3, 4, 5), (6, 3, 3, 2), {"padding": "valid"}),
    "dilation": ((2, 3, 6, 7), (4, 3, 3, 2), {"dilation": (2, 3)}),
    "groups": ((2, 6, 4, 5), (9, 2, 3, 2), {"groups": 3}),
    "depthwise": ((2, 5, 4, 3), (5, 1, 3, 2), {"groups": 5}),
    "depthwise, two maps per channel": ((2, 3, 4, 5), (6, 1, 2, 3), {"groups": 3}),
    "everything": (
        (2, 4, 9, 8),
        (6, 2, 3, 2),
        {"stride": (2, 3), "padding": (2, 1), "dilation": (1, 2), "groups": 2},
    ),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_the_protocol_holds(name: str) -> None:
    x, weight, options = OPTIONS[name]
    check_function(conv2d, conv2d_backward, [normal(*x), normal(*weight), normal(weight[0])], kwargs=options)


def test_the_protocol_holds_without_a_bias() -> None:
    check_function(
        conv2d, conv2d_backward, [normal(2, 3, 5, 4), normal(6, 3, 2, 3), None], kwargs={"padding": 1}
    )


@pytest.mark.parametrize("with_bias", [True, False])
@pytest.mark.parametrize("name", OPTIONS)
def test_pytorch_agrees(name: str, with_bias: bool) -> None:
    theirs = torch_or_skip().nn.functional.conv2d
    x, weight, options = OPTIONS[name]
    arrays = [normal(*x), normal(*weight), normal(weight[0]) if with_bias else None]
    compare_function(conv2d, conv2d_backward, theirs, arrays, kwargs=options)


def test_it_is_the_formula() -> None:
    """y[n, o, r, c] = b[o] + Σ x[n, m, r·s + i·d, c·s + j·d] · W[o, m, i, j], number by number, with seven
    loops.
    """
    x, weight, bias = normal(2, 3, 6, 7), normal(4, 3, 2, 3), normal(4)
    (s_r, s_c), (d_r, d_c) = stride, dilation = (2, 1), (3, 2)
    y, _ = conv2d(x, weight, bias, stride, 0, dilation)
    for n, o, r, c in np.ndindex(y.shape):
        total = bias[o]
        for m, i, j in np.ndindex(weight.shape[1:]):
            total += x[n, m, r * s_r + i * d_r, c * s_c + j * d_c] * weight[o, m, i, j]
        assert y[n, o, r, c] == pytest.approx(total, rel=1e-12)


def test_one_output_map_comes_out_of_all_input_channels() -> None:
    """A kernel lies on a block of channels x kh x kw numbers: to change any channel changes the one map."""
    x, weight = normal(1, 3, 4, 5), normal(1, 3, 2, 2)
    y, _ = conv2d(x, weight)
    assert y.shape == (1, 1, 3, 4)
    for channel in range(3):
        changed = x.copy()
        changed[:, channel] += 1
        assert not np.allclose(conv2d(changed, weight)[0], y)


def test_a_pixel_gets_a_gradient_from_every_patch_that_covers_it() -> None:
    """With a kernel of ones and dy of ones, dx counts the patches: 1 in the corner, kh·kw in the middle."""
    _, cache = conv2d(np.zeros((1, 1, 4, 5)), np.ones((1, 1, 2, 3)))
    dx, _, _ = conv2d_backward(np.ones((1, 1, 3, 3)), cache)
    assert dx[0, 0].tolist() == [[1, 2, 3, 2, 1], [2, 4, 6, 4, 2], [2, 4, 6, 4, 2], [1, 2, 3, 2, 1]]


def test_pixels_that_a_stride_leaves_over_get_no_gradient() -> None:
    _, cache = conv2d(
        normal(1, 1, 6, 7), normal(1, 1, 2, 2), stride=3
    )  # columns 2, 5, 6 and rows 2, 5 are never read
    dx, _, _ = conv2d_backward(normal(1, 1, 2, 2), cache)
    assert (dx[0, 0] == 0).all(0).tolist() == [False, False, True, False, False, True, True]
    assert (dx[0, 0] == 0).all(1).tolist() == [False, False, True, False, False, True]


def test_groups_do_not_see_each_other() -> None:
    x, weight = normal(2, 4, 3, 5), normal(6, 2, 2, 2)
    y, cache = conv2d(x, weight, groups=2)
    dy = np.zeros_like(y)
    dy[:, :3] = normal(2, 3, 2, 4)  # only the first group of outputs matters
    dx, dweight, _ = conv2d_backward(dy, cache)
    assert dx[:, :2].all()
    assert not dx[:, 2:].any()
    assert dweight[:3].all()
    assert not dweight[3:].any()


def test_same_padding_keeps_the_size_and_puts_an_odd_zero_at_the_bottom_right() -> None:
    image = np.zeros((1, 1, 3, 4))
    image[0, 0, 0, 0] = 1
    y, _ = conv2d(image, np.arange(1.0, 5.0).reshape(1, 1, 2, 2), padding="same")
    assert y.shape == (1, 1, 3, 4)
    assert y[0, 0, 0, 0] == 1  # the window begins at the pixel itself: nothing was added at the top left


# ---------------------------------------------------------------- wrong input is met at the border, by name

IMAGES, KERNELS = np.zeros((2, 4, 6, 5)), np.zeros((6, 4, 3, 2))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"x": np.zeros((32, 1, 28, 28)), "weight": np.zeros((32, 3, 3, 3))},
            r"conv2d expects 3 input channels, got 1: input \(batch 32, channels 1, height 28, width 28\), "
            r"weight \(32, 3, 3, 3\)",
        ),
        (
            {"x": IMAGES[0]},
            r"expects a 4-D input .*got 3-D, a single image needs a batch axis: image\[None\]",
        ),
        ({"x": IMAGES[0, 0]}, r"expects a 4-D input .*got 2-D: input \(6, 5\)"),
        (
            {"weight": KERNELS[:, 0]},
            "expects a 4-D weight .*got 3-D.*all input channels would share one kernel",
        ),
        ({"weight": KERNELS[0, 0]}, r"expects a 4-D weight \(out, in / groups, kh, kw\), got 2-D"),
        ({"groups": 4}, "groups must be >= 1 and divide the 6 output channels, got groups=4"),
        ({"groups": 0}, "groups must be >= 1 .*got groups=0"),
        ({"groups": 3}, r"expects 12 input channels \(3 groups of 4\), got 4"),
        ({"bias": np.zeros(5)}, r"expects one bias per output channel, \(6,\), got \(5,\)"),
        (
            {"padding": "same", "stride": 2},
            r"padding='same' is defined for stride 1 only, got stride \(2, 2\)",
        ),
        ({"padding": "full"}, "padding must be an integer, a pair of them, 'same' or 'valid'.*'full'"),
        ({"padding": -1}, "padding must be an integer >= 0 or a pair of them, got -1"),
        ({"stride": 0}, "stride must be an integer >= 1 or a pair of them, got 0"),
        ({"stride": (1, 2, 3)}, r"stride must be .*got \(1, 2, 3\)"),
        ({"dilation": (1.5, 1)}, r"dilation must be .*got \(1.5, 1\)"),
        (
            {"dilation": 3},
            r"a window of 7 x 4 \(kernel \(3, 2\), dilation \(3, 3\)\) does not fit into .*input of 6 x 5",
        ),
    ],
)
def test_what_does_not_fit_is_said(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        conv2d(**{"x": IMAGES, "weight": KERNELS, **arguments})
