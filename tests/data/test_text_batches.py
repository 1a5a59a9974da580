"""Batches of a long text. The ids are 0, 1, 2, ... so that an id is its own place."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from chainrule.data import StreamsInOrder, TextStreams, TextWindows, WindowsInOrder
from chainrule.layers import CrossEntropyLoss


@pytest.mark.parametrize("make", [TextStreams, TextWindows])
@pytest.mark.parametrize(("count", "batch_size", "time"), [(100, 3, 5), (16, 3, 5), (31, 3, 5), (9, 1, 1)])
def test_all_batches_are_full_and_targets_follow_inputs(
    make: type[TextStreams | TextWindows], count: int, batch_size: int, time: int
) -> None:
    data = make(np.arange(count), batch_size, time)
    batches = list(data.epoch(0))
    assert len(batches) == len(data) >= 1
    for inputs, targets in batches:
        assert inputs.shape == targets.shape == (batch_size, time)
        np.testing.assert_array_equal(np.diff(inputs), 1)  # rows are pieces of the text
        np.testing.assert_array_equal(targets, inputs + 1)
        assert 0 <= inputs.min() <= targets.max() < count


def test_a_stream_goes_on_where_the_batch_before_ended() -> None:
    batches = list(TextStreams(np.arange(100), batch_size=3, time=5).epoch(0))
    for (before, _), (inputs, _) in itertools.pairwise(batches):
        np.testing.assert_array_equal(inputs[:, 0], before[:, -1] + 1)
    whole = np.concatenate([inputs for inputs, _ in batches], axis=1).reshape(-1)
    np.testing.assert_array_equal(whole, whole[0] + np.arange(90))  # the streams follow each other, too


def test_what_is_left_out_is_less_than_a_batch_and_changes_with_the_epoch() -> None:
    data = TextStreams(np.arange(100), batch_size=3, time=5)
    begins = {int(next(data.epoch(epoch))[0][0, 0]) for epoch in range(200)}
    assert begins == set(range(100 - 1 - len(data) * 15 + 1))


@pytest.mark.parametrize("make", [TextStreams, TextWindows])
def test_seed_and_epoch_decide(make: type[TextStreams | TextWindows]) -> None:
    def first(seed: int, epoch: int) -> np.ndarray:
        return next(make(np.arange(997), 2, 100, seed).epoch(epoch))[0]

    np.testing.assert_array_equal(first(1, 2), first(1, 2))
    assert not np.array_equal(first(1, 2), first(1, 3))
    assert not np.array_equal(first(1, 2), first(2, 2))


@pytest.mark.parametrize("make", [TextStreams, TextWindows])
@pytest.mark.parametrize("skip", [0, 1, 4, 6])
def test_a_resumed_run_gets_the_batches_it_has_not_seen(
    make: type[TextStreams | TextWindows], skip: int
) -> None:
    data = make(np.arange(100), 3, 5, 7)
    whole, rest = list(data.epoch(2)), list(make(np.arange(100), 3, 5, 7).epoch(2, skip=skip))
    assert len(rest) == max(0, len(whole) - skip)
    for batch, again in zip(whole[skip:], rest, strict=True):
        np.testing.assert_array_equal(batch, again)


def test_windows_reach_every_place_and_do_not_repeat_from_step_to_step() -> None:
    data = TextWindows(np.arange(20), batch_size=4, time=3, steps=50)
    assert len(data) == 50
    begins = np.array([inputs[:, 0] for inputs, _ in data.epoch(0)])  # (steps, batch)
    assert set(begins.ravel().tolist()) == set(range(17))  # from the first to the last that has a target
    assert len(np.unique(begins, axis=0)) > 45


def test_the_last_epoch_is_shorter_where_all_steps_are_counted() -> None:
    data = TextWindows(np.arange(20), batch_size=4, time=3, steps=5, total=12)
    assert data.epochs == 3
    assert [len(list(data.epoch(epoch))) for epoch in range(4)] == [5, 5, 2, 0]
    assert len(list(data.epoch(2, skip=1))) == 1
    without_end = TextWindows(np.arange(20), batch_size=4, time=3, steps=5)
    for batch, same in zip(data.epoch(2), without_end.epoch(2), strict=False):
        np.testing.assert_array_equal(batch, same)
    assert len(TextWindows(np.arange(20), 4, 3, steps=5, total=2)) == 2  # one epoch, of 2 steps
    with pytest.raises(ValueError, match="these windows have no end: pass total="):
        _ = without_end.epochs


# ------------------------------------------------------------ evaluation


@pytest.mark.parametrize("count", [2, 3, 13, 30, 31, 32, 101])
@pytest.mark.parametrize(("batch_size", "time"), [(1, 4), (4, 7), (40, 3), (3, 200)])
@pytest.mark.parametrize("make", [StreamsInOrder, WindowsInOrder])
def test_every_id_but_the_first_is_a_target_once(
    make: type[StreamsInOrder | WindowsInOrder], count: int, batch_size: int, time: int
) -> None:
    data = make(np.arange(count), batch_size, time)
    batches = list(data)
    assert len(batches) == len(data)
    counted = []
    for inputs, targets in batches:
        assert inputs.shape == targets.shape
        assert inputs.shape[0] <= batch_size
        assert inputs.shape[1] <= time
        valid = targets != -100
        np.testing.assert_array_equal(targets[valid], inputs[valid] + 1)
        assert (np.diff(valid.astype(int), axis=1) <= 0).all()  # padding at the end of a row alone
        counted += targets[valid].tolist()
    assert sorted(counted) == list(range(1, count))


@pytest.mark.parametrize("count", [2, 5, 9, 10, 13, 30, 101])
@pytest.mark.parametrize("stride", [1, 2, 3, 7])
def test_overlapping_windows_predict_every_id_once_from_what_fits(count: int, stride: int) -> None:
    data = WindowsInOrder(np.arange(count), batch_size=4, time=7, stride=stride)
    batches = list(data)
    assert len(batches) == len(data)
    counted = []
    for inputs, targets in batches:
        np.testing.assert_array_equal(targets[targets != -100], inputs[targets != -100] + 1)
        for row, row_targets in zip(inputs, targets, strict=True):
            for place in np.flatnonzero(row_targets != -100):
                target = int(row_targets[place])
                seen = row[: place + 1]
                np.testing.assert_array_equal(seen, np.arange(target - len(seen), target))
                assert len(seen) >= min(target, 7 - stride + 1)
                counted.append(target)
    assert sorted(counted) == list(range(1, count))


def test_streams_in_order_go_on_from_chunk_to_chunk() -> None:
    batches = [inputs for inputs, _ in StreamsInOrder(np.arange(61), batch_size=3, time=8)]
    np.testing.assert_array_equal(np.concatenate(batches, axis=1), np.arange(60).reshape(3, 20))


@pytest.mark.parametrize("make", [StreamsInOrder, WindowsInOrder])
def test_the_loss_of_a_part_is_the_mean_over_its_characters(
    make: type[StreamsInOrder | WindowsInOrder],
) -> None:
    rng = np.random.default_rng(0)
    ids, table = rng.integers(0, 5, 50), rng.normal(size=(5, 5))  # a bigram model: logits = table[id]
    loss = CrossEntropyLoss(axis=-1)
    expected = loss(table[ids[:-1]], ids[1:])
    parts = [loss.forward(table[inputs], targets) for inputs, targets in make(ids, 4, 6)]
    total, count = (sum(float(part[i]) for part in parts) for i in (0, 1))
    assert count == 49
    assert total / count == pytest.approx(expected, rel=1e-12)


# ------------------------------------------------------------ errors


@pytest.mark.parametrize("make", [TextStreams, TextWindows, StreamsInOrder, WindowsInOrder])
def test_what_is_no_text(make: type) -> None:
    with pytest.raises(ValueError, match=r"ids of a text, .*got ids \(4, 5\)"):
        make(np.zeros((4, 5), np.int64), 2, 3)
    with pytest.raises(ValueError, match=r"at least 2, got ids \(1,\)"):
        make(np.zeros(1, np.int64), 2, 3)
    with pytest.raises(TypeError, match="integers, got float64"):
        make(np.zeros(100), 2, 3)
    with pytest.raises(ValueError, match="at least 1 row and 1 step, got 0 and 3"):
        make(np.arange(100), 0, 3)


@pytest.mark.parametrize("stride", [0, 6])
def test_windows_that_leave_something_out(stride: int) -> None:
    with pytest.raises(ValueError, match=f"windows of 5 steps cannot begin {stride} apart"):
        WindowsInOrder(np.arange(50), 2, 5, stride)


def test_a_text_too_short_for_one_batch() -> None:
    with pytest.raises(ValueError, match="30 characters, but 6 streams of 5 steps need 31"):
        TextStreams(np.arange(30), 6, 5)
    with pytest.raises(ValueError, match="5 characters, but 5 steps need 6"):
        TextWindows(np.arange(5), 6, 5)
    with pytest.raises(ValueError, match="at least 1 step, got 0"):
        TextWindows(np.arange(50), 6, 5, steps=0)
    with pytest.raises(ValueError, match="at least 1 step in all, got 0"):
        TextWindows(np.arange(50), 6, 5, total=0)
