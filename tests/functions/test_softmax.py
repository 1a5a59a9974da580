from __future__ import annotations

import numpy as np
import pytest
from protocol import check_function, compare_function, torch_or_skip

from chainrule.functions import softmax, softmax_backward

PAIR = (softmax, softmax_backward)


@pytest.mark.parametrize("dim", [-1, 1, 0, -3])
def test_protocol(dim, rng):
    check_function(*PAIR, [2 * rng.normal(size=(2, 5, 3))], kwargs={"dim": dim})


@pytest.mark.parametrize("dim", [-1, 1, 0])
def test_pytorch(dim, rng):
    torch = torch_or_skip()
    x = 3 * rng.normal(size=(4, 5, 3))
    compare_function(*PAIR, torch.softmax, [x], kwargs={"dim": dim}, torch_kwargs={"dim": dim})


def test_backward_is_the_jacobian_of_the_docstring(rng):
    x, dp = rng.normal(size=4), rng.normal(size=4)
    p, cache = softmax(x)
    jacobian = np.diag(p) - np.outer(p, p)
    np.testing.assert_allclose(softmax_backward(dp, cache), jacobian.T @ dp, rtol=1e-13)
    # the sum of the probabilities cannot change: an upstream of equal numbers has no gradient, p (1 - p) has
    np.testing.assert_allclose(softmax_backward(np.ones(4), cache), 0, atol=1e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_large_scores_do_not_overflow(dtype):
    p, _ = softmax(np.array([[1e4, 0, -1e4], [5, 5, 5]], dtype))
    np.testing.assert_allclose(p, [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]], rtol=1e-6)


def test_a_masked_score_has_probability_0_and_no_gradient(rng):
    x = np.array([[0.3, -np.inf, 1.2, -0.4]])
    p, cache = softmax(x)
    assert p[0, 1] == 0
    np.testing.assert_allclose(p.sum(), 1)
    assert softmax_backward(rng.normal(size=x.shape), cache)[0, 1] == 0


def test_errors():
    with pytest.raises(ValueError, match=r"softmax: dim 2 does not exist in input \(2, 3\)"):
        softmax(np.zeros((2, 3)), dim=2)
    with pytest.raises(ValueError, match=r"softmax: dim -1 does not exist in input \(\)"):
        softmax(np.zeros(()))
    with pytest.raises(ValueError, match=r"softmax: there is nothing .* along dim -1: input \(2, 0\)"):
        softmax(np.zeros((2, 0)))
    masked = np.zeros((2, 3, 4))
    masked[1, :, 2] = -np.inf
    with pytest.raises(ValueError, match=r"softmax: all 3 scores along dim 1 are -inf .* at \(1, 0, 2\)"):
        softmax(masked, dim=1)
