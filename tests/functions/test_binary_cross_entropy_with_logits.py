from __future__ import annotations

import numpy as np
import pytest
from protocol import check_function, compare_function, torch_or_skip

from chainrule.functions import (
    binary_cross_entropy_with_logits,
    binary_cross_entropy_with_logits_backward,
    sigmoid,
)

PAIR = (binary_cross_entropy_with_logits, binary_cross_entropy_with_logits_backward)
REDUCTIONS = ["sum", "mean", "none"]


def arrays(rng, weighted):
    logits, target = 2 * rng.normal(size=(4, 3)), rng.uniform(0.1, 0.9, (4, 3))
    if weighted is None:
        return [logits, target, None, None]
    return [logits, target, rng.uniform(0.5, 2, weighted), rng.uniform(0.5, 4, 3)]


@pytest.mark.parametrize("weighted", [None, (4, 3), (4, 1)])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_protocol(reduction, weighted, rng):
    check_function(*PAIR, arrays(rng, weighted), kwargs={"reduction": reduction}, differentiable=[0, 1])


@pytest.mark.parametrize("weighted", [None, (4, 3), (4, 1)])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_pytorch(reduction, weighted, rng):
    torch = torch_or_skip()

    def theirs(logits, target, weight, pos_weight):
        loss = torch.nn.functional.binary_cross_entropy_with_logits
        return loss(logits, target, weight, pos_weight=pos_weight, reduction=reduction)

    options = {"kwargs": {"reduction": reduction}, "torch_kwargs": {}, "differentiable": [0, 1]}
    compare_function(*PAIR, theirs, arrays(rng, weighted), **options)


def test_without_weights_the_gradient_is_p_minus_z(rng):
    logits, target, _, _ = arrays(rng, None)
    loss, count, cache = binary_cross_entropy_with_logits(logits, target)
    p, _ = sigmoid(logits)
    assert loss == pytest.approx(-(target * np.log(p) + (1 - target) * np.log(1 - p)).sum())
    assert count == 12
    dlogits, dtarget, _, _ = binary_cross_entropy_with_logits_backward(1.0, cache)
    np.testing.assert_allclose(dlogits, p - target, atol=1e-15)
    np.testing.assert_allclose(dtarget, -logits, atol=1e-14)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_large_logits(dtype):
    logits = np.array([500.0, -500, 500, -500, 40], dtype)
    target = np.array([1, 0, 0, 1, 1])
    losses, _, cache = binary_cross_entropy_with_logits(logits, target, reduction="none")
    assert losses.dtype == dtype
    np.testing.assert_allclose(losses, [0, 0, 500, 500, np.exp(-40.0)], rtol=1e-6, atol=1e-30)
    dlogits = binary_cross_entropy_with_logits_backward(np.ones_like(losses), cache)[0]
    np.testing.assert_allclose(dlogits, [0, 0, 1, -1, 0], atol=1e-6)


def test_the_count_is_the_number_of_elements_whatever_the_weights(rng):
    assert binary_cross_entropy_with_logits(*arrays(rng, (4, 3)))[1] == 12


def test_errors():
    x, z = np.zeros((2, 3)), np.zeros((2, 3))
    with pytest.raises(ValueError, match=r"one target per logit, got logits \(2, 3\), target \(2,\)"):
        binary_cross_entropy_with_logits(x, z[:, 0])
    with pytest.raises(ValueError, match=r"the batch is empty: logits \(0, 3\)"):
        binary_cross_entropy_with_logits(x[:0], z[:0])
    for name in ("weight", "pos_weight"):
        for shape in ((2,), (3, 2, 3)):
            message = rf"{name} \({shape[0]},.*\) does not broadcast to logits \(2, 3\)"
            with pytest.raises(ValueError, match=message):
                binary_cross_entropy_with_logits(x, z, **{name: np.ones(shape)})
    z[1, 2] = 4
    with pytest.raises(ValueError, match=r"target 4.0 at \(1, 2\) is no probability .* take cross_entropy"):
        binary_cross_entropy_with_logits(x, z)
    with pytest.raises(ValueError, match="reduction must be 'sum', 'mean' or 'none', got 'avg'"):
        binary_cross_entropy_with_logits(x, x, reduction="avg")
