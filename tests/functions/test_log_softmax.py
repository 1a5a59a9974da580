from __future__ import annotations

import numpy as np
import pytest
from protocol import check_function, compare_function, torch_or_skip

from chainrule.functions import log_softmax, log_softmax_backward

PAIR = (log_softmax, log_softmax_backward)


@pytest.mark.parametrize("dim", [-1, 1, 0, -3])
def test_protocol(dim, rng):
    check_function(*PAIR, [2 * rng.normal(size=(2, 5, 3))], kwargs={"dim": dim})


@pytest.mark.parametrize("dim", [-1, 1, 0])
def test_pytorch(dim, rng):
    torch = torch_or_skip()
    x = 3 * rng.normal(size=(4, 5, 3))
    compare_function(*PAIR, torch.log_softmax, [x], kwargs={"dim": dim}, torch_kwargs={"dim": dim})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_large_scores_do_not_overflow(dtype):
    y, _ = log_softmax(np.array([[1e4, 0, -1e4], [5, 5, 5]], dtype))
    np.testing.assert_allclose(y, [[0, -1e4, -2e4], [-np.log(3)] * 3], rtol=1e-6)


def test_a_masked_score_stays_minus_infinity_and_has_no_gradient(rng):
    x = np.array([[0.3, -np.inf, 1.2, -0.4]])
    y, cache = log_softmax(x)
    assert y[0, 1] == -np.inf
    np.testing.assert_allclose(np.exp(y).sum(), 1)
    dx = log_softmax_backward(np.where(x > -np.inf, rng.normal(size=x.shape), 0), cache)
    assert dx[0, 1] == 0
    np.testing.assert_allclose(dx.sum(), 0, atol=1e-15)


def test_errors():
    with pytest.raises(ValueError, match=r"log_softmax: dim 2 does not exist in input \(2, 3\)"):
        log_softmax(np.zeros((2, 3)), dim=2)
    with pytest.raises(ValueError, match=r"log_softmax: dim -1 does not exist in input \(\)"):
        log_softmax(np.zeros(()))
    with pytest.raises(ValueError, match=r"log_softmax: there is nothing .* along dim -1: input \(2, 0\)"):
        log_softmax(np.zeros((2, 0)))
    masked = np.zeros((2, 3, 4))
    masked[1, :, 2] = -np.inf
    with pytest.raises(ValueError, match=r"log_softmax: all 3 scores .* are -inf .* at \(1, 0, 2\)"):
        log_softmax(masked, dim=1)
