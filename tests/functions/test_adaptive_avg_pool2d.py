from __future__ import annotations

import numpy as np
import pytest
from protocol import check_function, compare_function, torch_or_skip

from chainrule.functions import adaptive_avg_pool2d, adaptive_avg_pool2d_backward

PAIR = (adaptive_avg_pool2d, adaptive_avg_pool2d_backward)
SIZES = [1, 3, (3, 4), (None, 2), (4, None), (9, 11), None]  # fewer, as many, and more bins than pixels


@pytest.mark.parametrize("output_size", SIZES)
def test_protocol(output_size, rng):
    check_function(*PAIR, [rng.normal(size=(2, 3, 5, 7))], kwargs={"output_size": output_size})


@pytest.mark.parametrize("output_size", SIZES[:-1])
def test_pytorch(output_size, rng):
    torch = torch_or_skip()
    x = rng.normal(size=(4, 3, 5, 7))
    theirs = torch.nn.functional.adaptive_avg_pool2d
    compare_function(*PAIR, theirs, [x], kwargs={"output_size": output_size})


def test_the_matrix_of_the_docstring():
    _, cache = adaptive_avg_pool2d(np.zeros((1, 1, 5, 4)), (3, 2))
    third = 1 / 3
    expected = [[0.5, 0.5, 0, 0, 0], [0, third, third, third, 0], [0, 0, 0, 0.5, 0.5]]
    np.testing.assert_allclose(cache.R, expected)
    np.testing.assert_allclose(cache.C, [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]])


def test_none_keeps_a_size(rng):
    x = rng.normal(size=(2, 3, 5, 4))
    np.testing.assert_array_equal(adaptive_avg_pool2d(x, None)[0], x)
    assert adaptive_avg_pool2d(x, (None, 1))[0].shape == (2, 3, 5, 1)


def test_errors():
    x = np.zeros((2, 3, 5, 4))
    with pytest.raises(ValueError, match=r"adaptive_avg_pool2d expects a 4-D input"):
        adaptive_avg_pool2d(x[0], 1)
    for wrong in (0, (2, 0), (1, 2, 3), (1.5, 2)):
        with pytest.raises(ValueError, match="output_size must be an integer >= 1, None or a pair of them"):
            adaptive_avg_pool2d(x, wrong)
    with pytest.raises(ValueError, match=r"the image has no pixel: input \(batch 2, .* height 0, width 4\)"):
        adaptive_avg_pool2d(x[:, :, :0], 1)
