from __future__ import annotations

import numpy as np
import pytest
from protocol import check_function, compare_function, torch_or_skip

from chainrule.functions import log_softmax, log_softmax_backward, softmax, softmax_backward

PAIRS = [(softmax, softmax_backward), (log_softmax, log_softmax_backward)]


@pytest.mark.parametrize("axis", [-1, 1, 0, -3])
@pytest.mark.parametrize("pair", PAIRS)
def test_protocol(pair, axis, rng):
    check_function(*pair, [2 * rng.normal(size=(2, 5, 3))], kwargs={"axis": axis})


@pytest.mark.parametrize("axis", [-1, 1, 0])
@pytest.mark.parametrize("pair", PAIRS)
def test_pytorch(pair, axis, rng):
    torch = torch_or_skip()
    theirs = getattr(torch, pair[0].__name__)
    x = 3 * rng.normal(size=(4, 5, 3))
    compare_function(*pair, theirs, [x], kwargs={"axis": axis}, torch_kwargs={"dim": axis})


def test_backward_is_the_jacobian_of_the_docstring(rng):
    x, dp = rng.normal(size=4), rng.normal(size=4)
    p, cache = softmax(x)
    jacobian = np.diag(p) - np.outer(p, p)
    np.testing.assert_allclose(softmax_backward(dp, cache), jacobian.T @ dp, rtol=1e-13)
    # the sum of the probabilities cannot change: an upstream of equal numbers has no gradient, p (1 - p) has
    np.testing.assert_allclose(softmax_backward(np.ones(4), cache), 0, atol=1e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_large_scores_do_not_overflow(dtype):
    x = np.array([[1e4, 0, -1e4], [5, 5, 5]], dtype)
    p, _ = softmax(x)
    np.testing.assert_allclose(p, [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]], rtol=1e-6)
    y, _ = log_softmax(x)
    np.testing.assert_allclose(y, [[0, -1e4, -2e4], [-np.log(3)] * 3], rtol=1e-6)


def test_a_masked_score_has_probability_0_and_no_gradient(rng):
    x = np.array([[0.3, -np.inf, 1.2, -0.4]])
    p, cache = softmax(x)
    assert p[0, 1] == 0
    np.testing.assert_allclose(p.sum(), 1)
    dx = softmax_backward(rng.normal(size=x.shape), cache)
    assert dx[0, 1] == 0
    y, cache = log_softmax(x)
    assert y[0, 1] == -np.inf
    dx = log_softmax_backward(rng.normal(size=x.shape) * (x > -np.inf), cache)
    assert dx[0, 1] == 0
    np.testing.assert_allclose(dx.sum(), 0, atol=1e-15)


@pytest.mark.parametrize("pair", PAIRS)
def test_errors(pair):
    forward, _ = pair
    name = forward.__name__
    with pytest.raises(ValueError, match=rf"{name}: axis 2 does not exist in input \(2, 3\)"):
        forward(np.zeros((2, 3)), axis=2)
    with pytest.raises(ValueError, match=rf"{name}: axis -1 does not exist in input \(\)"):
        forward(np.zeros(()))
    with pytest.raises(ValueError, match=rf"{name}: there is nothing to distribute along axis -1: input \(2, 0\)"):
        forward(np.zeros((2, 0)))
    masked = np.zeros((2, 3, 4))
    masked[1, :, 2] = -np.inf
    with pytest.raises(ValueError, match=rf"{name}: all 3 scores along axis 1 are -inf \(masked\) at \(1, 0, 2\)"):
        forward(masked, axis=1)
