"""Sources and targets in batches of about the same number of tokens."""

from collections.abc import Iterator

import numpy as np
import pytest

from chainrule.data import PairBatches
from chainrule.data.batches import IGNORED
from chainrule.data.pair_batches import BOS, EOS, PAD


def sequences(count: int, seed: int, longest: int = 9) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    return [generator.integers(4, 20, generator.integers(1, longest + 1)) for _ in range(count)]


def pairs_in(batches: Iterator) -> list[tuple[list[int], list[int]]]:
    """All pairs of an epoch, as they were before they were shifted and filled up."""
    found = []
    for (source, target_in, source_lengths, target_lengths), target_out in batches:
        for row in range(len(source)):
            found.append(
                (
                    source[row, : source_lengths[row] - 1].tolist(),
                    target_in[row, 1 : target_lengths[row]].tolist(),
                )
            )
            assert source[row, source_lengths[row] - 1] == EOS
            assert (source[row, source_lengths[row] :] == PAD).all()
            assert (target_out[row, target_lengths[row] :] == IGNORED).all()
    return found


def test_the_target_is_shifted_by_one() -> None:
    batches = PairBatches([np.array([7, 8, 9]), np.array([5])], [np.array([6]), np.array([4, 4])], 100)
    (source, target_in, source_lengths, target_lengths), target_out = next(iter(batches))
    assert source.tolist() == [[7, 8, 9, EOS], [5, EOS, PAD, PAD]]
    assert target_in.tolist() == [[BOS, 6, PAD], [BOS, 4, 4]]
    assert target_out.tolist() == [[6, EOS, IGNORED], [4, 4, EOS]]
    assert source_lengths.tolist() == [4, 2]
    assert target_lengths.tolist() == [2, 3]
    assert batches.target_tokens == 5 == (target_out != IGNORED).sum()


def test_every_pair_comes_once_per_epoch() -> None:
    sources, targets = sequences(53, seed=1), sequences(53, seed=2)
    batches = PairBatches(sources, targets, max_tokens=37)
    everything = sorted((s.tolist(), t.tolist()) for s, t in zip(sources, targets, strict=True))
    for epoch in (0, 1):
        assert sorted(pairs_in(batches.epoch(epoch))) == everything
    assert sorted(pairs_in(iter(batches))) == everything


def test_a_batch_holds_as_many_tokens_as_it_may() -> None:
    batches = PairBatches(sequences(200, seed=3), sequences(200, seed=4), max_tokens=60)
    sizes = []
    for (source, target_in, *_), _target_out in batches.epoch(0):
        longest = max(source.shape[1], target_in.shape[1])
        assert len(source) * longest <= 60
        sizes.append(len(source) * longest)
    assert np.mean(sizes) > 45  # the rest: one more pair would have been too much


def test_pairs_of_about_the_same_length_stand_together() -> None:
    sources = sequences(500, seed=5, longest=40)
    batches = PairBatches(sources, sources, max_tokens=400)
    padding = [1 - lengths.sum() / source.size for (source, _, lengths, _), _ in batches.epoch(0)]
    assert np.mean(padding) < 0.05  # at random, it is half


def test_epochs_differ_and_come_again() -> None:
    batches = PairBatches(sequences(80, seed=6), sequences(80, seed=7), max_tokens=40, seed=3)
    again = PairBatches(sequences(80, seed=6), sequences(80, seed=7), max_tokens=40, seed=3)
    first = pairs_in(batches.epoch(0))
    assert pairs_in(again.epoch(0)) == first
    assert pairs_in(batches.epoch(1)) != first
    assert len(list(batches.epoch(0))) == len(list(batches.epoch(1))) == len(batches)
    rest = pairs_in(batches.epoch(0, skip=2))
    assert rest == first[-len(rest) :]
    assert len(list(batches.epoch(0, skip=2))) == len(batches) - 2


def test_what_does_not_fit_is_said() -> None:
    one = [np.array([4])]
    with pytest.raises(ValueError, match="there are 1 sources, but 2 targets"):
        PairBatches(one, one * 2, 10)
    with pytest.raises(ValueError, match="sequence 1 is empty"):
        PairBatches(one * 2, [np.array([4]), np.array([], int)], 10)
    with pytest.raises(ValueError, match="pair 1 has 13 tokens, and a batch holds 12"):
        PairBatches(one * 2, [np.array([4]), np.full(12, 4)], 12)
