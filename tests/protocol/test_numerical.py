"""Slopes that are known, and kinks before, at, behind and beyond the points that are measured."""

from __future__ import annotations

import numpy as np
import pytest

from .numerical import STEP, measure, measure_along


def slopes_of(function, points):
    x = np.array(points, dtype=np.float64)
    return measure(lambda: float(function(x).sum()), x, np.arange(x.size)), x


def test_five_points_know_the_slope_to_many_digits() -> None:
    points = [-1.5, 0.2, 2.0]
    slopes, x = slopes_of(lambda x: np.exp(x) * np.sin(3 * x), points)
    exact = np.exp(points) * (np.sin(np.multiply(3, points)) + 3 * np.cos(np.multiply(3, points)))
    np.testing.assert_allclose(slopes.value, exact, rtol=1e-9)
    assert slopes.smooth.all()
    np.testing.assert_array_equal(x, points)  # everything was put back


@pytest.mark.parametrize("distance", [0, 0.3, -0.9, 1.0, 1.6, -1.99])
def test_a_kink_within_reach_is_noticed(distance: float) -> None:
    slopes, _ = slopes_of(np.abs, [distance * STEP, 1.0])
    assert slopes.smooth.tolist() == [False, True]


@pytest.mark.parametrize("distance", [2.01, -5])
def test_a_kink_out_of_reach_does_no_harm(distance: float) -> None:
    slopes, _ = slopes_of(np.abs, [distance * STEP, 1.0])
    assert slopes.smooth.all()
    np.testing.assert_allclose(slopes.value, [np.sign(distance), 1], rtol=1e-9)


def test_a_jump_is_a_kink_too() -> None:
    slopes, _ = slopes_of(np.floor, [1.0, 1.5])
    assert slopes.smooth.tolist() == [False, True]


def test_a_direction_moves_several_arrays_at_once_and_puts_them_back() -> None:
    a, b = np.array([[1.0, 2.0]]), np.array([3.0])
    slope, smooth, _ = measure_along(
        lambda: float((a * b).sum()), [a, b], [np.array([[1.0, -1.0]]), np.array([0.5])]
    )
    assert smooth
    assert slope == pytest.approx(3 * (1 - 1) + (1 + 2) * 0.5, rel=1e-9)
    assert a.tolist() == [[1.0, 2.0]]
    assert b.tolist() == [3.0]
