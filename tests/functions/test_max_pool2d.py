"""Max pooling: the winner takes all of the gradient; ties, overlaps, padding and NaN."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from protocol import check_function, compare_function, normal, torch_or_skip

from chainrule.functions import max_pool2d, max_pool2d_backward

OPTIONS: dict[str, tuple[tuple[int, ...], dict[str, Any]]] = {
    "windows side by side": ((2, 3, 6, 4), {"kernel_size": (3, 2)}),
    "an integer for both sides": ((2, 3, 7, 5), {"kernel_size": 2}),
    "overlapping windows": ((2, 3, 6, 7), {"kernel_size": (3, 2), "stride": 1}),
    "stride < kernel": ((2, 3, 8, 7), {"kernel_size": 3, "stride": (1, 2)}),
    "stride > kernel": ((2, 3, 8, 7), {"kernel_size": (2, 1), "stride": (3, 2)}),
    "padding": ((2, 3, 5, 4), {"kernel_size": (3, 2), "stride": 2, "padding": (1, 0)}),
    "padding as an integer": ((2, 3, 5, 4), {"kernel_size": (2, 3), "padding": 1}),
    "dilation": ((2, 3, 8, 6), {"kernel_size": (3, 2), "stride": (1, 2), "dilation": (2, 3)}),
    "everything": (
        (2, 3, 9, 8),
        {"kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 1), "dilation": (2, 3)},
    ),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_the_protocol_holds(name: str) -> None:
    shape, options = OPTIONS[name]
    check_function(max_pool2d, max_pool2d_backward, [normal(*shape)], kwargs=options)


@pytest.mark.parametrize("name", OPTIONS)
def test_pytorch_agrees(name: str) -> None:
    theirs = torch_or_skip().nn.functional.max_pool2d
    shape, options = OPTIONS[name]
    compare_function(max_pool2d, max_pool2d_backward, theirs, [normal(*shape)], kwargs=options)


def test_a_kernel_of_more_places_than_a_byte_can_count_works_too() -> None:
    theirs, options = torch_or_skip().nn.functional.max_pool2d, {"kernel_size": (17, 16), "stride": (1, 2)}
    compare_function(max_pool2d, max_pool2d_backward, theirs, [normal(2, 3, 20, 18)], kwargs=options)


def pooled(rows: list[list[float]], dy: list[list[float]], *args: Any) -> tuple[list[Any], list[Any]]:
    y, cache = max_pool2d(np.array([[rows]]), *args)
    return y[0, 0].tolist(), max_pool2d_backward(np.array([[dy]]), cache)[0, 0].tolist()


def test_only_the_winner_gets_the_gradient() -> None:
    assert pooled([[1.0, 2, 9, 3], [4, 3, 5, 8]], [[10.0, 20]], 2) == (
        [[4, 9]],
        [[0, 0, 20, 0], [10, 0, 0, 0]],
    )


def test_of_equal_numbers_the_first_gets_the_gradient_alone() -> None:
    """Given to all of them, more gradient would come out than went in."""
    assert pooled([[5.0, 5], [5, 5]], [[7.0]], 2) == ([[5]], [[7, 0], [0, 0]])
    assert pooled([[1.0, 5], [5, 5]], [[7.0]], 2) == ([[5]], [[0, 7], [0, 0]])
    assert pooled([[1.0, 2], [5, 5]], [[7.0]], 2) == ([[5]], [[0, 0], [7, 0]])


def test_a_winner_of_several_windows_gets_the_sum() -> None:
    assert pooled([[1.0, 9, 2]], [[10.0, 20]], (1, 2), 1) == ([[9, 9]], [[0, 30, 0]])


def test_ties_go_where_pytorchs_go() -> None:
    """relu makes many equal zeros, so ties are the rule, not the exception."""
    theirs = torch_or_skip().nn.functional.max_pool2d
    x = np.maximum(np.round(normal(3, 2, 9, 8)), 0)
    for options in ({"kernel_size": 2}, {"kernel_size": (3, 2), "stride": 1, "padding": 1}):
        compare_function(max_pool2d, max_pool2d_backward, theirs, [x], kwargs=options)


@pytest.mark.parametrize("x", [normal(2, 3, 7, 8), np.zeros((2, 3, 7, 8))], ids=["random", "all equal"])
def test_no_gradient_gets_lost_and_none_is_added(x: np.ndarray) -> None:
    y, cache = max_pool2d(x, (3, 2), (2, 1), 1)
    dy = normal(*y.shape)
    np.testing.assert_allclose(max_pool2d_backward(dy, cache).sum((2, 3)), dy.sum((2, 3)), rtol=1e-12)


def test_channels_and_samples_never_meet() -> None:
    x = normal(2, 3, 4, 6)
    y, cache = max_pool2d(x, 2)
    dy = np.zeros_like(y)
    dy[1, 2] = 1
    dx = max_pool2d_backward(dy, cache)
    assert dx[1, 2].sum() == 6
    dx[1, 2] = 0
    assert not dx.any()


def test_padding_never_wins() -> None:
    """Padded with -∞, not with 0: a window of negative numbers keeps a negative maximum, and no gradient
    leaves the image.
    """
    x = -1 - abs(normal(2, 3, 5, 4))
    y, cache = max_pool2d(x, 3, 2, 1)
    assert (y < 0).all()
    dy = normal(*y.shape)
    np.testing.assert_allclose(max_pool2d_backward(dy, cache).sum((2, 3)), dy.sum((2, 3)), rtol=1e-12)


@pytest.mark.parametrize("place", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_a_nan_wins_wherever_it_stands_in_the_window(place: tuple[int, int]) -> None:
    """A maximum that forgets NaN would hide a network that has blown up."""
    x = np.arange(8.0).reshape(1, 1, 2, 4)
    x[0, 0, place[0], place[1]] = np.nan
    y, _ = max_pool2d(x, 2)
    assert np.isnan(y[0, 0, 0]).tolist() == [True, False]


# ---------------------------------------------------------------- wrong input is met at the border, by name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"x": np.zeros((3, 6, 5))},
            r"max_pool2d expects a 4-D input .*got 3-D, a single image needs a batch axis",
        ),
        ({"padding": 2}, r"max_pool2d: padding \(2, 2\) exceeds half the kernel \(3, 2\): .*hold no pixel"),
        (
            {"kernel_size": (7, 2)},
            r"a window of 7 x 2 \(kernel \(7, 2\), dilation \(1, 1\)\) does not fit .*6 x 5",
        ),
        ({"kernel_size": 0}, "kernel_size must be an integer >= 1 or a pair of them, got 0"),
        ({"stride": -1}, "stride must be an integer >= 1 or a pair of them, got -1"),
        ({"dilation": (1, 0)}, r"dilation must be .*got \(1, 0\)"),
    ],
)
def test_what_does_not_fit_is_said(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        max_pool2d(**{"x": np.zeros((2, 3, 6, 5)), "kernel_size": (3, 2), **arguments})
