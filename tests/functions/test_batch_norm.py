from __future__ import annotations

import numpy as np
import pytest
from protocol import check_function, compare_function, torch_or_skip

from chainrule.functions import batch_norm, batch_norm_backward

PAIR = (batch_norm, batch_norm_backward)
SHAPES = [(4, 3), (3, 2, 5), (2, 3, 4, 5)]


def arrays(shape, rng, affine=True, running=False):
    channels = shape[1]
    x = rng.normal(size=shape) * 1.7 + rng.normal(size=(channels, *[1] * (len(shape) - 2)))
    weight, bias = (rng.normal(size=channels) + 1.5, rng.normal(size=channels)) if affine else (None, None)
    mean, var = (rng.normal(size=channels), rng.uniform(0.3, 2, channels)) if running else (None, None)
    return [x, weight, bias, mean, var]


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_protocol_by_batch(shape, affine, rng):
    check_function(*PAIR, arrays(shape, rng, affine), kwargs={"eps": 0.01})


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_protocol_by_running_statistics(shape, affine, rng):
    given = arrays(shape, rng, affine, running=True)
    check_function(*PAIR, given, differentiable=[0, 1, 2] if affine else [0])


def test_weight_or_bias_alone(rng):
    x, weight, bias, _, _ = arrays((2, 3, 4, 5), rng)
    check_function(*PAIR, [x, weight, None, None, None])
    check_function(*PAIR, [x, None, bias, None, None])


@pytest.mark.parametrize("running", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_pytorch(shape, running, rng):
    torch = torch_or_skip()

    def theirs(x, weight, bias, mean, var):
        return torch.nn.functional.batch_norm(x, mean, var, weight, bias, training=not running, eps=1e-3)

    given = arrays(shape, rng, running=running)
    compare_function(*PAIR, theirs, given, kwargs={"eps": 1e-3}, torch_kwargs={}, differentiable=[0, 1, 2])


def test_mean_0_variance_1_and_what_the_cache_holds_for_the_running_statistics(rng):
    x = arrays((4, 3, 5, 6), rng)[0]
    y, cache = batch_norm(x, eps=0)
    np.testing.assert_allclose(y.mean((0, 2, 3)), 0, atol=1e-14)
    np.testing.assert_allclose(y.var((0, 2, 3)), 1)
    np.testing.assert_allclose(cache.mean, x.mean((0, 2, 3)))
    np.testing.assert_allclose(cache.var, x.var((0, 2, 3)))  # biased
    assert (cache.m, cache.by_batch) == (4 * 5 * 6, True)


def test_a_shift_or_stretch_of_the_batch_has_no_gradient(rng):
    """What forward cancels, backward does not push at: dx is orthogonal to both directions."""
    x = arrays((5, 3), rng)[0]
    _, cache = batch_norm(x, eps=0)
    dx = batch_norm_backward(rng.normal(size=x.shape), cache)[0]
    np.testing.assert_allclose(dx.sum(0), 0, atol=1e-13)
    np.testing.assert_allclose((dx * (x - x.mean(0))).sum(0), 0, atol=1e-13)


def test_running_statistics_are_not_written(rng):
    given = arrays((4, 3), rng, running=True)
    before = [given[3].copy(), given[4].copy()]
    _, cache = batch_norm(*given)
    np.testing.assert_array_equal([given[3], given[4]], before)
    assert not cache.by_batch


def test_one_image_is_enough(rng):
    y, _ = batch_norm(rng.normal(size=(1, 2, 3, 4)))
    assert np.abs(y).max() > 0.1


def test_errors():
    with pytest.raises(ValueError, match=r"more than 1 value per channel .* input \(batch 1, channels 5\)"):
        batch_norm(np.zeros((1, 5)))
    with pytest.raises(ValueError, match=r"more than 1 value per channel .* height 1, width 1"):
        batch_norm(np.zeros((1, 5, 1, 1)))
    with pytest.raises(ValueError, match=r"expects \(batch, channels, ...\), got 1-D: input \(5\,\)"):
        batch_norm(np.zeros(5))
    with pytest.raises(ValueError, match=r"the batch is empty: input \(batch 0, channels 5\)"):
        batch_norm(np.zeros((0, 5)))
    x = np.zeros((2, 3, 4))
    for name in ("weight", "bias", "running_mean", "running_var"):
        message = rf"one {name} per channel, \(3,\), got \(4,\): input \(batch 2, channels 3, length 4\)"
        with pytest.raises(ValueError, match=message):
            batch_norm(x, **{name: np.zeros(4)})
    with pytest.raises(ValueError, match="or neither: got running_mean without running_var"):
        batch_norm(x, running_mean=np.zeros(3))
    with pytest.raises(ValueError, match="or neither: got running_var without running_mean"):
        batch_norm(x, running_var=np.zeros(3))
