from __future__ import annotations

import numpy as np
import pytest
from protocol import check_function, compare_function, torch_or_skip

from chainrule.functions import mse_loss, mse_loss_backward

PAIR = (mse_loss, mse_loss_backward)
REDUCTIONS = ["sum", "mean", "none"]


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_protocol(reduction, rng):
    given = [rng.normal(size=(3, 2, 4)), rng.normal(size=(3, 2, 4))]
    check_function(*PAIR, given, kwargs={"reduction": reduction})


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_pytorch(reduction, rng):
    torch = torch_or_skip()
    given = [rng.normal(size=(3, 5)), rng.normal(size=(3, 5))]
    compare_function(*PAIR, torch.nn.functional.mse_loss, given, kwargs={"reduction": reduction})


def test_the_sum_and_the_count(rng):
    a, b = rng.normal(size=(3, 5)), rng.normal(size=(3, 5))
    loss, count, _ = mse_loss(a, b)
    assert loss == pytest.approx(np.square(a - b).sum())
    assert count == 15
    assert mse_loss(a, b, "mean")[:2] == (pytest.approx(loss / 15), 15)
    assert mse_loss(a, b, "none")[0].shape == (3, 5)


def test_integer_targets_do_not_change_the_dtype():
    loss, _, cache = mse_loss(np.ones((2, 3), np.float32), np.zeros((2, 3), int))
    assert loss.dtype == mse_loss_backward(1.0, cache)[0].dtype == np.float32


def test_errors():
    with pytest.raises(ValueError, match=r"got input \(3, 1\), target \(3,\): NumPy would broadcast them"):
        mse_loss(np.zeros((3, 1)), np.zeros(3))
    with pytest.raises(ValueError, match=r"one shape, got input \(3, 2\), target \(3,\)$"):
        mse_loss(np.zeros((3, 2)), np.zeros(3))
    with pytest.raises(ValueError, match=r"mse_loss: the batch is empty: input \(0, 2\)"):
        mse_loss(np.zeros((0, 2)), np.zeros((0, 2)))
    with pytest.raises(ValueError, match="reduction must be 'sum', 'mean' or 'none', got 'average'"):
        mse_loss(np.zeros(2), np.zeros(2), "average")
