from __future__ import annotations

import numpy as np
import pytest
from protocol import check_function, compare_function, torch_or_skip

from chainrule.functions import leaky_relu, leaky_relu_backward

PAIR = (leaky_relu, leaky_relu_backward)
SLOPES = [0.2, 0.0, -0.5, 1.5]


@pytest.mark.parametrize("slope", SLOPES)
def test_protocol(slope, rng):
    check_function(*PAIR, [rng.normal(size=(2, 3, 5))], kwargs={"negative_slope": slope})


@pytest.mark.parametrize("slope", SLOPES)
def test_pytorch(slope, rng):
    torch = torch_or_skip()
    theirs = torch.nn.functional.leaky_relu
    compare_function(*PAIR, theirs, [rng.normal(size=(4, 3, 5))], kwargs={"negative_slope": slope})


def test_default_slope():
    assert leaky_relu(np.array([-2.0, 3.0]))[0].tolist() == [-0.02, 3.0]


def test_at_zero_the_slope_is_that_of_the_negative_side():
    _, cache = leaky_relu(np.zeros(1), 0.3)
    assert leaky_relu_backward(np.array([2.0]), cache) == [0.6]


def test_nan_stays_nan():
    assert np.isnan(leaky_relu(np.array([1.0, np.nan]))[0]).tolist() == [False, True]
