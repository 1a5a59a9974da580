"""Arrays in a few numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from chainrule.layers.parameter import Parameter
from chainrule.look.statistics import arrays_in, norm, statistics


def test_the_figures_of_an_array() -> None:
    array = np.array([[0.0, 1.0, -3.0], [0.0, 4.0, 4.0]], np.float32)
    figures = statistics(array)
    assert (figures.shape, figures.size, figures.dtype) == ((2, 3), 6, "float32")
    assert figures.mean == pytest.approx(1)
    assert figures.spread == pytest.approx(array.std())
    assert (figures.minimum, figures.maximum) == (-3, 4)
    assert figures.zeros == pytest.approx(1 / 3)
    assert figures.norm == pytest.approx(math.sqrt(42))
    assert (figures.nan, figures.inf) == (0, 0)


def test_the_memory_order_makes_no_difference() -> None:
    array = np.random.default_rng(0).normal(size=(3, 4, 5))
    assert statistics(array) == statistics(np.asfortranarray(array))


def test_the_histogram_has_eight_bins_from_the_least_to_the_greatest() -> None:
    assert statistics(np.arange(16.0)).histogram == (2,) * 8
    assert statistics(np.array([-1.0, 7.0, 7.0])).histogram == (1, 0, 0, 0, 0, 0, 0, 2)
    assert statistics(np.array([0.0, 1.0])).sparkline == "█      █"
    assert statistics(np.repeat([0.0, 1.0], [100, 1])).sparkline == "█      ▂"


def test_what_is_not_finite_is_counted_and_left_out_of_the_rest() -> None:
    figures = statistics(np.array([np.nan, np.inf, -np.inf, 2.0, 4.0]))
    assert (figures.nan, figures.inf, figures.mean, figures.histogram) == (1, 2, 3, (1, 0, 0, 0, 0, 0, 0, 1))
    assert not math.isfinite(figures.norm)


@pytest.mark.parametrize(
    ("array", "sparkline"),
    [
        (np.zeros((0, 3)), ""),
        (np.full(3, np.nan), ""),
        (np.float64(3), "█"),
        (np.full(5, 0.1), "█"),
        (np.array([True, False]), "█      █"),
        (np.array([1, 2], np.uint8), "█      █"),
        (np.array([3 + 4j, 5]), "█"),
        (np.array([-1e308, 1e308]), "█"),  # the distance is more than a number can hold
        (np.array([0.0, 5e-324]), "█      █"),  # and less
    ],
    ids=str,
)
def test_odd_arrays(array: Any, sparkline: str) -> None:
    figures = statistics(array)
    assert figures.shape == np.shape(array)
    assert figures.sparkline == sparkline


def test_float16_does_not_overflow() -> None:
    assert statistics(np.full(1000, 1000, np.float16)).mean == 1000
    assert norm(np.full(1000, 1000, np.float16)) == pytest.approx(1000 * math.sqrt(1000))


def test_the_norm_of_several_arrays_is_that_of_all_their_numbers() -> None:
    assert norm(np.array([3.0]), np.array([[0.0, 4.0]])) == 5
    assert norm() == 0


def test_arrays_are_found_in_what_a_call_returns() -> None:
    class Tensor:
        def __init__(self, data: Any) -> None:
            self.data = data

    x = np.ones(2)
    value = (x, [2.0, {"a": x}], None, "text", Tensor(x), Tensor("text"), Parameter(x), np.array([None]))
    assert [array.shape for array in arrays_in(value)] == [(2,), (), (2,), (2,), (2,)]
    assert next(arrays_in(value)) is x
