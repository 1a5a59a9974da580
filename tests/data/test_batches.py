"""Batches: every sample once, in an order that seed and epoch decide alone."""

import numpy as np
import pytest

from chainrule.data import batches, steps_per_epoch


def test_every_sample_comes_once() -> None:
    drawn = list(batches(10, 4, seed=0, epoch=0))
    assert [len(batch) for batch in drawn] == [4, 4, 2]
    assert sorted(np.concatenate(drawn)) == list(range(10))
    assert drawn[0].dtype == np.int64


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    first = np.concatenate(list(batches(100, 7, seed=3, epoch=2)))
    np.testing.assert_array_equal(
        np.concatenate(list(batches(100, 13, seed=3, epoch=2))), first
    )  # not on the size
    for seed, epoch in ((3, 3), (4, 2), (2, 3)):
        assert not np.array_equal(np.concatenate(list(batches(100, 7, seed, epoch))), first)


def test_unshuffled() -> None:
    assert np.concatenate(list(batches(5, 2, seed=0, epoch=1, shuffle=False))).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("count", "size"), [(10, 4), (8, 4), (3, 4), (1, 1)])
@pytest.mark.parametrize("drop_last", [False, True])
def test_as_many_as_announced(count: int, size: int, drop_last: bool) -> None:
    drawn = list(batches(count, size, seed=0, epoch=0, drop_last=drop_last))
    assert len(drawn) == steps_per_epoch(count, size, drop_last)
    if drop_last:
        assert all(len(batch) == size for batch in drawn)


@pytest.mark.parametrize(("count", "size"), [(0, 4), (10, 0), (10, -1)])
def test_nothing_to_draw_is_an_error(count: int, size: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        list(batches(count, size, seed=0, epoch=0))
    with pytest.raises(ValueError, match="at least 1"):
        steps_per_epoch(count, size)
