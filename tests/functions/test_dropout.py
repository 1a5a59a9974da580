"""Dropout: how many numbers fall, that the sum stays, and that a sample keeps its mask however a batch is
cut.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from protocol import check_function, normal

from chainrule.functions import dropout, dropout_backward


def keys_of(*numbers: int) -> Any:
    return np.array(numbers, dtype=np.uint64)


def drop(x: Any, keys: Any, p: float) -> Any:
    """dropout with its arrays first, as check_function calls it."""
    return dropout(x, p, keys)


@pytest.mark.parametrize("p", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("shape", [(3, 25), (2, 5, 3, 4)])
def test_the_protocol_holds(p: float, shape: tuple[int, ...]) -> None:
    keys = np.arange(1, shape[0] + 1, dtype=np.uint64)
    check_function(drop, dropout_backward, [normal(*shape), keys], kwargs={"p": p})


@pytest.mark.parametrize("p", [0.1, 0.5, 0.75])
def test_a_share_p_is_dropped_and_what_stays_grows_so_that_the_mean_stays(p: float) -> None:
    y, cache = dropout(np.ones((50, 40, 10)), p, np.arange(50, dtype=np.uint64))
    assert (y == 0).mean() == pytest.approx(p, abs=0.02)  # 20 000 numbers: more than 5 standard deviations
    np.testing.assert_allclose(y[y != 0], 1 / (1 - p), rtol=1e-12)
    assert y.mean() == pytest.approx(1, abs=0.07)
    np.testing.assert_array_equal(cache.mask, y)


def test_p_0_drops_nothing_and_p_1_drops_all() -> None:
    x, keys = normal(3, 50), keys_of(1, 2, 3)
    np.testing.assert_array_equal(dropout(x, 0.0, keys)[0], x)
    y, cache = dropout(x, 1.0, keys)
    assert not y.any()
    assert not dropout_backward(normal(3, 50), cache)[0].any()


def test_each_sample_and_each_number_is_dropped_for_itself() -> None:
    mask = dropout(np.ones((60, 80)), 0.5, np.arange(60, dtype=np.uint64))[1].mask > 0
    assert len({row.tobytes() for row in mask}) == 60
    assert len({column.tobytes() for column in mask.T}) == 80
    assert abs(np.corrcoef(mask) - np.eye(60)).max() < 0.6


def test_a_sample_meets_the_same_mask_however_the_batch_is_cut() -> None:
    """Its mask comes from its own key: alone, in another order or in a part of the batch."""
    x, keys = normal(5, 3, 4), keys_of(7, 1, 9, 4, 2)
    whole, _ = dropout(x, 0.4, keys)
    parts = [dropout(x[cut], 0.4, keys[cut])[0] for cut in (slice(0, 1), slice(1, 4), slice(4, 5))]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    np.testing.assert_array_equal(dropout(x[::-1], 0.4, keys[::-1])[0], whole[::-1])


def test_other_keys_draw_another_mask() -> None:
    x = np.ones((2, 60))
    assert (dropout(x, 0.5, keys_of(1, 2))[0] != dropout(x, 0.5, keys_of(3, 4))[0]).any(1).all()


def test_float32_and_float64_meet_the_same_mask() -> None:
    x, keys = np.ones((3, 40)), keys_of(1, 2, 3)
    masks = [dropout(x.astype(dtype), 0.3, keys)[1].mask for dtype in ("float32", "float64")]
    assert masks[0].dtype == np.float32
    np.testing.assert_array_equal(masks[0] > 0, masks[1] > 0)


def test_backward_uses_forwards_mask() -> None:
    y, cache = dropout(np.ones((3, 40)), 0.3, keys_of(1, 2, 3))
    dx, dkeys = dropout_backward(np.ones((3, 40)), cache)
    np.testing.assert_array_equal(dx, y)
    assert dkeys is None


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_p_is_a_probability(p: float) -> None:
    with pytest.raises(ValueError, match="p is the probability to drop a number, from 0 to 1, got"):
        dropout(normal(3, 4), p, keys_of(1, 2, 3))


def test_every_sample_needs_a_key() -> None:
    with pytest.raises(ValueError, match=r"dropout expects one key per sample, \(3,\), got \(2,\)"):
        dropout(normal(3, 4), 0.5, keys_of(1, 2))
