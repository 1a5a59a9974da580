from __future__ import annotations

import math

import numpy as np
import pytest
from protocol import Refusing

from chainrule.functions.erf import erf


def grid() -> np.ndarray:
    """All three ranges, their borders from both sides, and numbers that are very small or very large."""
    borders = [np.nextafter(b, d) for b in (0.46875, 4.0, 6.0) for d in (0, 10)]
    positive = np.concatenate([np.linspace(0, 7, 5001), borders, [1e-300, 1e-20, 30.0, 1e10, 1e300, np.inf]])
    return np.concatenate([-positive, positive])


def test_as_exact_as_math_erf() -> None:
    x = grid()
    expected = np.array([math.erf(number) for number in x])
    np.testing.assert_allclose(erf(x), expected, rtol=1e-15, atol=0)


def test_float32_stays_float32() -> None:
    x = grid()
    x = x[np.abs(x) < 1e38].astype(np.float32)
    y = erf(x)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, [math.erf(number) for number in x], rtol=4e-7, atol=1e-44)


def test_odd_and_nan() -> None:
    x = np.linspace(0.1, 5, 50)
    np.testing.assert_array_equal(erf(-x), -erf(x))
    assert np.isnan(erf(np.array([np.nan]))).all()


@pytest.mark.parametrize("shape", [(), (2, 3)])
def test_other_array_libraries_and_shapes(shape: tuple[int, ...]) -> None:
    y = erf(Refusing(np.full(shape, 0.7)))  # type: ignore[arg-type]
    assert isinstance(y, Refusing)
    assert y.shape == shape
