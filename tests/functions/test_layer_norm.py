from __future__ import annotations

import numpy as np
import pytest
from protocol import check_function, compare_function, torch_or_skip

from chainrule.functions import layer_norm, layer_norm_backward

PAIR = (layer_norm, layer_norm_backward)


def arrays(shape, features, rng):
    return [rng.normal(size=shape) * 1.5 + 0.7, rng.normal(size=features) + 1.2, rng.normal(size=features)]


CASES = [((4, 5), (5,)), ((2, 3, 5), (5,)), ((2, 3, 5), (3, 5)), ((2, 3, 4, 5), (3, 4, 5)), ((3, 5), (3, 5))]


@pytest.mark.parametrize(("shape", "features"), CASES)
def test_protocol(shape, features, rng):
    check_function(*PAIR, arrays(shape, features, rng), kwargs={"eps": 0.01})


def test_protocol_with_parts_missing(rng):
    x, weight, bias = arrays((2, 3, 5), (3, 5), rng)
    check_function(*PAIR, [x, None, None], kwargs={"normalized_axes": 2})
    check_function(*PAIR, [x, weight, None])
    check_function(*PAIR, [x, None, bias])
    check_function(*PAIR, [x, None, None])


@pytest.mark.parametrize(("shape", "features"), CASES)
def test_pytorch(shape, features, rng):
    torch = torch_or_skip()

    def theirs(x, weight, bias):
        return torch.nn.functional.layer_norm(x, features, weight, bias, eps=1e-3)

    compare_function(*PAIR, theirs, arrays(shape, features, rng), kwargs={"eps": 1e-3}, torch_kwargs={})


def test_mean_0_variance_1(rng):
    y, _ = layer_norm(rng.normal(size=(2, 3, 5)) + 4, normalized_axes=2, eps=0)
    np.testing.assert_allclose(y.mean((1, 2)), 0, atol=1e-14)
    np.testing.assert_allclose(y.var((1, 2)), 1)


def test_errors():
    x = np.zeros((2, 3, 4))
    message = r"a weight of the shape of the last 1 axes, \(4,\), got \(3,\): input \(2, 3, 4\)"
    with pytest.raises(ValueError, match=message):
        layer_norm(x, np.zeros(3))
    with pytest.raises(ValueError, match=r"a bias of the shape of the last 2 axes, \(3, 4\), got \(4,\)"):
        layer_norm(x, np.zeros((3, 4)), np.zeros(4))
    for wrong in (0, 4):
        with pytest.raises(ValueError, match=rf"normalized_axes must be from 1 to 3, .* got {wrong}"):
            layer_norm(x, normalized_axes=wrong)
    with pytest.raises(ValueError, match=r"there is nothing to normalize: input \(2, 0\)"):
        layer_norm(np.zeros((2, 0)))
