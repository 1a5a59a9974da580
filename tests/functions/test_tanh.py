from __future__ import annotations

import numpy as np
from protocol import check_function, compare_function, torch_or_skip

from chainrule.functions import sigmoid, tanh, tanh_backward

PAIR = (tanh, tanh_backward)


def test_protocol(rng):
    check_function(*PAIR, [2 * rng.normal(size=(2, 3, 5))])


def test_pytorch(rng):
    torch = torch_or_skip()
    compare_function(*PAIR, torch.tanh, [2 * rng.normal(size=(4, 3, 5))])


def test_it_is_a_stretched_sigmoid(rng):
    x = rng.normal(size=7)
    np.testing.assert_allclose(tanh(x)[0], 2 * sigmoid(2 * x)[0] - 1, rtol=1e-12)


def test_large_numbers_and_nan():
    y, cache = tanh(np.array([-1e4, 1e4, np.nan]))
    np.testing.assert_array_equal(y, [-1, 1, np.nan])
    np.testing.assert_array_equal(tanh_backward(np.ones(3), cache), [0, 0, np.nan])
