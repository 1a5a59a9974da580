"""Sequences of different lengths in batches."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.data import RaggedBatches, pad

RNG = np.random.default_rng(0)
# sample n is made of the id n + 1 alone, so that it is known again; 0 is padding
SEQUENCES = [np.full(length, n + 1) for n, length in enumerate(RNG.integers(1, 20, 203))]
LABELS = np.arange(203) % 7


def seen(batches: list) -> list[tuple[int, int, int]]:
    """(sample, length, label) of every row, after checking the padding."""
    rows = []
    for (ids, lengths), labels in batches:
        assert ids.shape == (len(labels), lengths.max())
        for row, length, label in zip(ids, lengths, labels, strict=True):
            assert len(set(row[:length])) == 1
            assert not row[length:].any()
            rows.append((int(row[0]) - 1, int(length), int(label)))
    return rows


ALL = [(n, len(sequence), int(LABELS[n])) for n, sequence in enumerate(SEQUENCES)]


@pytest.mark.parametrize("batch_size", [1, 16, 203, 500])
def test_an_epoch_has_every_sample_once_with_its_label(batch_size: int) -> None:
    data = RaggedBatches(SEQUENCES, LABELS, batch_size)
    batches = list(data.epoch(0))
    assert len(batches) == len(data)
    assert sorted(seen(batches)) == ALL
    assert seen(list(data)) == ALL  # for evaluation, in order


def test_there_is_little_padding() -> None:
    sizes = [(ids.size, lengths.sum()) for (ids, lengths), _ in RaggedBatches(SEQUENCES, LABELS, 16).epoch(0)]
    padded, real = np.sum(sizes, axis=0)
    assert padded < 1.1 * real  # as they come, it would be 1.7


def test_neither_the_lengths_nor_equal_ones_come_in_a_fixed_order() -> None:
    data = RaggedBatches(SEQUENCES, LABELS, 16)
    lengths = [[int(x.lengths.max()) for x, _ in data.epoch(epoch)] for epoch in range(2)]
    assert lengths[0] != lengths[1] != sorted(lengths[1])
    together = [{frozenset(x.ids[:, 0].tolist()) for x, _ in data.epoch(epoch)} for epoch in range(2)]
    assert len(together[0] & together[1]) < 4  # other samples share a batch


def test_seed_and_epoch_decide_and_a_resumed_run_skips() -> None:
    data = RaggedBatches(SEQUENCES, LABELS, 16, seed=3)
    whole = seen(list(data.epoch(2)))
    assert seen(list(RaggedBatches(SEQUENCES, LABELS, 16, seed=3).epoch(2))) == whole
    assert seen(list(data.epoch(3))) != whole
    assert seen(list(RaggedBatches(SEQUENCES, LABELS, 16, seed=4).epoch(2))) != whole
    rest = seen(list(data.epoch(2, skip=5)))
    assert rest == whole[-len(rest) :]
    assert len(list(data.epoch(2, skip=5))) == len(data) - 5


def test_padding_of_your_own() -> None:
    ids, lengths = pad([np.array([1, 2]), np.array([3])], value=9)
    assert ids.tolist() == [[1, 2], [3, 9]]
    assert lengths.tolist() == [2, 1]
    assert ids.dtype == lengths.dtype == np.int64


def test_errors() -> None:
    with pytest.raises(ValueError, match="sequence 1 is empty"):
        RaggedBatches([np.array([1]), np.array([], np.int64)], np.zeros(2, np.int64), 4)
    with pytest.raises(ValueError, match="there are no sequences"):
        pad([])
    with pytest.raises(ValueError, match=r"2 sequences, but labels \(3,\)"):
        RaggedBatches([np.array([1])] * 2, np.zeros(3, np.int64), 4)
    with pytest.raises(ValueError, match="batch size of at least 1"):
        len(RaggedBatches([np.array([1])], np.zeros(1, np.int64), 0))


def test_ids_can_be_changed_while_a_model_learns_and_a_resumed_run_sees_the_same() -> None:
    steps = []

    def augment(ids: np.ndarray, step: int) -> np.ndarray:
        steps.append(step)
        return ids + 1000 * step

    data = RaggedBatches(SEQUENCES, LABELS, 50, augment=augment)
    whole = list(data.epoch(2))
    assert steps == [10, 11, 12, 13, 14]  # two epochs of 5 came before
    for batch, again in zip(whole[3:], data.epoch(2, skip=3), strict=True):
        np.testing.assert_array_equal(batch[0].ids, again[0].ids)
    assert seen(list(data)) == ALL  # for evaluation, as they are
