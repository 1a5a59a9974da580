"""The digits of scikit-learn, in two splits."""

import numpy as np
import pytest

from chainrule.data import load_digits

pytest.importorskip("sklearn", reason="the digits come with scikit-learn")


def test_the_stratified_split() -> None:
    train, test = load_digits()
    assert train.images.shape == (1347, 1, 8, 8)
    assert train.images.dtype == np.float32
    assert (train.images.min(), train.images.max()) == (0, 16)
    assert len(test) == 450
    shares = np.bincount(test.labels) / (np.bincount(test.labels) + np.bincount(train.labels))
    np.testing.assert_allclose(shares, 0.25, atol=0.01)


def test_no_image_is_on_both_sides_and_none_is_lost() -> None:
    both = np.concatenate([part.images.reshape(len(part), -1) for part in load_digits()])
    whole = np.concatenate([part.images.reshape(len(part), -1) for part in load_digits("last-half")])
    np.testing.assert_array_equal(np.unique(both, axis=0), np.unique(whole, axis=0))
    assert len(both) == len(whole) == 1797


def test_the_last_half() -> None:
    train, test = load_digits("last-half")
    assert (len(train), len(test)) == (898, 899)
    assert train.labels[:10].tolist() == list(range(10))  # in the order of the file
    assert train.name == "digits-last-half"


def test_another_split_is_refused() -> None:
    with pytest.raises(ValueError, match="'stratified' or 'last-half', got 'random'"):
        load_digits("random")
