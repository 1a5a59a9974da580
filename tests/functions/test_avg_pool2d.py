from __future__ import annotations

import numpy as np
import pytest
from protocol import check_function, compare_function, torch_or_skip

from chainrule.functions import avg_pool2d, avg_pool2d_backward

CASES = [
    {"kernel_size": 2},
    {"kernel_size": (3, 2), "stride": (2, 1)},  # windows overlap
    {"kernel_size": (2, 3), "stride": (3, 4)},  # and leave gaps
    {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": (3, 4), "stride": (1, 3), "padding": (1, 2), "count_include_pad": False},
    {"kernel_size": 2, "padding": 1, "count_include_pad": False},
]


@pytest.mark.parametrize("kwargs", CASES)
def test_protocol(kwargs, rng):
    x = rng.normal(size=(2, 3, 7, 6))
    # pixels in gaps, or behind the last window, move nothing: their gradient is 0, the others' is not
    check_function(avg_pool2d, avg_pool2d_backward, [x], kwargs=kwargs)


@pytest.mark.parametrize("kwargs", CASES)
def test_pytorch(kwargs, rng):
    torch = torch_or_skip()
    x = rng.normal(size=(4, 3, 8, 7))
    compare_function(avg_pool2d, avg_pool2d_backward, torch.nn.functional.avg_pool2d, [x], kwargs=kwargs)


def test_an_image_of_ones_grows_darker_at_the_rim_or_not():
    x = np.ones((1, 1, 4, 4))
    y, _ = avg_pool2d(x, 3, stride=1, padding=1)
    assert y[0, 0, 0, 0] == pytest.approx(4 / 9)
    y, _ = avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
    np.testing.assert_allclose(y, 1)


def test_errors():
    x = np.zeros((2, 3, 5, 4))
    with pytest.raises(ValueError, match=r"avg_pool2d expects a 4-D input .* got 3-D"):
        avg_pool2d(x[0], 2)
    with pytest.raises(ValueError, match=r"avg_pool2d: padding \(2, 2\) exceeds half the kernel \(3, 3\)"):
        avg_pool2d(x, 3, padding=2)
    with pytest.raises(ValueError, match=r"avg_pool2d: a window of 6 x 2 .* padded input of 5 x 4"):
        avg_pool2d(x, (6, 2))
    with pytest.raises(ValueError, match="kernel_size must be an integer >= 1"):
        avg_pool2d(x, 0)
