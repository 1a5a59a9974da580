"""relu's relatives: leaky_relu, sigmoid, tanh, gelu. Each is smooth or has one kink, and knows large numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from protocol import check_function, compare_function, torch_or_skip

from chainrule import functions as F

ACTIVATIONS: list[tuple[str, dict[str, Any]]] = [
    ("leaky_relu", {"negative_slope": 0.2}),
    ("leaky_relu", {"negative_slope": -0.5}),
    ("sigmoid", {}),
    ("tanh", {}),
    ("gelu", {}),
    ("gelu", {"approximate": "tanh"}),
]


def pair(name: str) -> tuple[Any, Any]:
    return getattr(F, name), getattr(F, f"{name}_backward")


@pytest.mark.parametrize(("name", "kwargs"), ACTIVATIONS)
def test_protocol(name: str, kwargs: dict[str, Any], rng: np.random.Generator) -> None:
    check_function(*pair(name), [2 * rng.normal(size=(2, 3, 5))], kwargs=kwargs)


@pytest.mark.parametrize(("name", "kwargs"), ACTIVATIONS)
def test_pytorch(name: str, kwargs: dict[str, Any], rng: np.random.Generator) -> None:
    torch = torch_or_skip()
    theirs = getattr(torch.nn.functional, name)
    compare_function(*pair(name), theirs, [3 * rng.normal(size=(4, 3, 5))], kwargs=kwargs)


@pytest.mark.parametrize(("name", "kwargs"), ACTIVATIONS)
def test_nan_stays_nan(name: str, kwargs: dict[str, Any]) -> None:
    y, _ = pair(name)[0](np.array([1.0, np.nan]), **kwargs)
    assert np.isnan(y).tolist() == [False, True]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("name", "low", "high"), [("sigmoid", 0, 1), ("tanh", -1, 1), ("gelu", 0, 1e4), ("leaky_relu", -100, 1e4)]
)
def test_large_numbers(name: str, low: float, high: float, dtype: str) -> None:
    forward, backward = pair(name)
    y, cache = forward(np.array([-1e4, 1e4], dtype))
    np.testing.assert_allclose(y, [low, high], rtol=1e-6)
    assert np.isfinite(backward(np.ones_like(y), cache)).all()


def test_sigmoid_is_accurate_far_to_the_left() -> None:
    y, _ = F.sigmoid(np.array([-700.0, -40.0]))
    np.testing.assert_allclose(y, [math.exp(-700), math.exp(-40)], rtol=1e-12)


def test_leaky_relu_at_zero_has_the_slope_of_the_negative_side() -> None:
    _, cache = F.leaky_relu(np.zeros(1), 0.3)
    assert F.leaky_relu_backward(np.array([2.0]), cache) == [0.6]


def test_gelu_refuses_an_unknown_approximation() -> None:
    with pytest.raises(ValueError, match="approximate must be 'none' or 'tanh', got 'sigmoid'"):
        F.gelu(np.zeros(3), approximate="sigmoid")  # type: ignore[arg-type]
