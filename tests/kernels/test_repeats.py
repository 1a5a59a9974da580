"""Rows that repeat are found, and what is computed from them is what would have been computed without."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

from chainrule.kernels.repeats import find_repeats, project, project_backward

RNG = np.random.default_rng(0)
DA, WEIGHT = (RNG.normal(size=shape).astype(np.float32) for shape in [(60, 8), (8, 5)])


def table(rows: int) -> np.ndarray:
    return RNG.normal(size=(rows, 5)).astype(np.float32)


@pytest.mark.parametrize("rows", [1, 2, 7, 15])
def test_repeated_rows_are_found_and_give_the_same_numbers(rows: int) -> None:
    ids = np.concatenate([np.arange(rows), RNG.integers(rows, size=60 - rows)])
    x = table(rows)[RNG.permutation(ids)]
    repeated = find_repeats(x)
    assert repeated is not None
    assert len(repeated.distinct) == rows
    np.testing.assert_array_equal(repeated.distinct[repeated.place], x)
    np.testing.assert_allclose(project(x, repeated, WEIGHT), project(x, None, WEIGHT), atol=1e-5)
    backward = project_backward(DA, x, repeated)
    np.testing.assert_allclose(backward, project_backward(DA, x, None), atol=1e-5)


def test_rows_that_differ_in_one_bit_are_different() -> None:
    x = np.zeros((12, 5), np.float32)
    x[::2, 4] = np.nextafter(np.float32(0), np.float32(1))
    repeated = find_repeats(x)
    assert repeated is not None
    assert len(repeated.distinct) == 2
    assert repeated.place.tolist() == [0, 1] * 6


def test_one_hot_rows_and_nan() -> None:
    x = np.eye(5, dtype=np.float32)[np.arange(60) % 5]
    x[x.argmax(1) == 3] = np.nan
    repeated = find_repeats(x)
    assert repeated is not None
    assert len(repeated.distinct) == 5
    np.testing.assert_array_equal(repeated.distinct[repeated.place], x)


@pytest.mark.parametrize("count", [0, 1, 3, 60])
def test_rows_that_do_not_repeat_enough_are_left_alone(count: int) -> None:
    assert find_repeats(table(count)) is None
    assert find_repeats(table(16)[np.arange(60) % 16]) is None
