from __future__ import annotations

import numpy as np
import pytest
from protocol import check_function, compare_function, torch_or_skip

from chainrule.functions import gelu, gelu_backward

PAIR = (gelu, gelu_backward)
APPROXIMATIONS = ["none", "tanh"]


@pytest.mark.parametrize("approximate", APPROXIMATIONS)
def test_protocol(approximate, rng):
    check_function(*PAIR, [2 * rng.normal(size=(2, 3, 5))], kwargs={"approximate": approximate})


@pytest.mark.parametrize("approximate", APPROXIMATIONS)
def test_pytorch(approximate, rng):
    torch = torch_or_skip()
    theirs = torch.nn.functional.gelu
    compare_function(*PAIR, theirs, [3 * rng.normal(size=(4, 3, 5))], kwargs={"approximate": approximate})


def test_the_approximation_is_as_close_as_the_docstring_says():
    x = np.linspace(-6, 6, 2001)
    error = np.abs(gelu(x)[0] - gelu(x, "tanh")[0]).max()
    assert 4e-4 < error < 5e-4


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("approximate", APPROXIMATIONS)
def test_large_numbers(approximate, dtype):
    y, cache = gelu(np.array([-1e4, 0, 1e4], dtype), approximate)
    assert y.tolist() == [0, 0, 1e4]
    assert gelu_backward(np.ones_like(y), cache).tolist() == [0, 0.5, 1]


def test_nan_stays_nan():
    assert np.isnan(gelu(np.array([1.0, np.nan]))[0]).tolist() == [False, True]


def test_errors():
    with pytest.raises(ValueError, match="gelu: approximate must be 'none' or 'tanh', got 'sigmoid'"):
        gelu(np.zeros(3), "sigmoid")
