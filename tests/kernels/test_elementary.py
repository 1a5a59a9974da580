"""exp, sigmoid and tanh of float32, against NumPy in float64, over the whole range of float32."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

numba = pytest.importorskip("numba")

from chainrule.kernels.elementary import EXACT, exp, sigmoid, tanh  # noqa: E402


def exact_sigmoid(x: np.ndarray) -> np.ndarray:
    return np.where(x >= 0, 1, np.exp(np.minimum(x, 0))) / (1 + np.exp(-np.abs(x)))


# ours, the same in float64, the largest error in units of the last place
FUNCTIONS: dict[str, tuple[Any, Callable[[np.ndarray], np.ndarray], float]] = {
    "exp": (exp, np.exp, 1.5),
    "sigmoid": (sigmoid, exact_sigmoid, 3.0),
    "tanh": (tanh, np.tanh, 3.0),
}
_loops: dict[str, Any] = {}


def loop_over(name: str) -> Any:
    """The function over an array, compiled once."""
    if name not in _loops:
        function = FUNCTIONS[name][0]

        @numba.njit(**EXACT)
        def loop(x: Any, y: Any) -> None:
            for i in range(len(x)):
                y[i] = function(x[i])

        _loops[name] = loop
    return _loops[name]


def ours(name: str, x: np.ndarray) -> np.ndarray:
    y = np.empty_like(x)
    loop_over(name)(x, y)
    return y


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_error_stays_within_a_few_units_in_the_last_place(name: str) -> None:
    rng = np.random.default_rng(0)
    magnitudes = 10.0 ** rng.uniform(-44, 38, 200_000)
    x = np.concatenate(
        [
            np.linspace(-110, 95, 1_000_001),  # where exp is neither 0 nor infinity
            np.linspace(-1, 1, 200_001),
            magnitudes * rng.choice([-1, 1], 200_000),
        ]
    ).astype(np.float32)
    _, in_float64, allowed = FUNCTIONS[name]
    with np.errstate(over="ignore", under="ignore"):
        expected = in_float64(x.astype(np.float64))
        rounded = expected.astype(np.float32)
    y = ours(name, x)
    finite = np.isfinite(rounded)
    np.testing.assert_array_equal(y[~finite], rounded[~finite])
    errors = np.abs(y[finite] - expected[finite]) / np.spacing(np.abs(rounded[finite]))
    worst = errors.argmax()
    assert errors[worst] <= allowed, f"{name}({x[finite][worst]})"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("exp", [np.inf, 0, np.nan, 1, 1]),
        ("sigmoid", [1, 0, np.nan, 0.5, 0.5]),
        ("tanh", [1, -1, np.nan, 0, 0]),
    ],
)
def test_infinities_nan_and_zeros(name: str, expected: list[float]) -> None:
    x = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0], np.float32)
    np.testing.assert_array_equal(ours(name, x), np.array(expected, np.float32))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_compiler_computes_several_at_once(name: str) -> None:
    ours(name, np.zeros(3, np.float32))
    loop = loop_over(name)
    llvm = loop.inspect_llvm(loop.signatures[0])
    # a multiplication of a vector of floats, whatever the width that this processor has
    assert " x float>" in llvm
    assert "fmul contract <" in llvm
