"""Stratified splits: fixed, sorted, complete."""

import numpy as np
import pytest

from chainrule.data import stratified_split

pytest.importorskip("sklearn", reason="the split needs scikit-learn")
LABELS = np.repeat([0, 1, 2], [60, 30, 10])


def test_every_class_keeps_its_share() -> None:
    train, test = stratified_split(LABELS, test_fraction=0.2)
    assert np.bincount(LABELS[test]).tolist() == [12, 6, 2]
    assert np.bincount(LABELS[train]).tolist() == [48, 24, 8]


def test_every_index_is_on_one_side_and_both_are_sorted() -> None:
    train, test = stratified_split(LABELS, test_fraction=0.3)
    assert sorted([*train, *test]) == list(range(100))
    assert (np.diff(train) > 0).all()
    assert (np.diff(test) > 0).all()


def test_the_seed_decides() -> None:
    first, again, other = (stratified_split(LABELS, 0.2, seed)[1] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, 25])
def test_the_fraction_must_be_one(fraction: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        stratified_split(LABELS, fraction)


def test_a_class_with_one_sample_cannot_be_split() -> None:
    with pytest.raises(ValueError, match="class 3 has one sample only"):
        stratified_split(np.append(LABELS, 3), 0.2)


def test_a_rare_class_is_never_rounded_away_unnoticed() -> None:
    with pytest.raises(ValueError, match="class 1 has 2 samples of 102, too few to be on the test side"):
        stratified_split(np.repeat([0, 1], [100, 2]), 0.1)


@pytest.mark.parametrize("fraction", [0.01, 0.99])
def test_small_sets_still_have_every_class_on_both_sides(fraction: float) -> None:
    labels = np.repeat([0, 1, 2], 2)
    for rows in stratified_split(labels, fraction):
        assert sorted(labels[rows]) == [0, 1, 2]


def test_no_labels() -> None:
    with pytest.raises(ValueError, match="no labels to split"):
        stratified_split(np.zeros(0, np.int64), 0.2)
