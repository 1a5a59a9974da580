from __future__ import annotations

import math

import numpy as np
import pytest
from protocol import check_function, compare_function, torch_or_skip

from chainrule.functions import sigmoid, sigmoid_backward

PAIR = (sigmoid, sigmoid_backward)


def test_protocol(rng):
    check_function(*PAIR, [2 * rng.normal(size=(2, 3, 5))])


def test_pytorch(rng):
    torch = torch_or_skip()
    compare_function(*PAIR, torch.sigmoid, [3 * rng.normal(size=(4, 3, 5))])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_large_numbers(dtype):
    y, cache = sigmoid(np.array([-np.inf, -1e4, 0, 1e4, np.inf], dtype))
    assert y.tolist() == [0, 0, 0.5, 1, 1]
    assert sigmoid_backward(np.ones_like(y), cache).tolist() == [0, 0, 0.25, 0, 0]


def test_exact_far_to_the_left():
    y, _ = sigmoid(np.array([-700.0, -40.0]))
    np.testing.assert_allclose(y, [math.exp(-700), math.exp(-40)], rtol=1e-12)


def test_nan_stays_nan():
    assert np.isnan(sigmoid(np.array([1.0, np.nan]))[0]).tolist() == [False, True]
