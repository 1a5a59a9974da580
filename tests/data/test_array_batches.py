"""ArrayBatches: what the training loop draws from."""

import numpy as np
import pytest

from chainrule.data import ArrayBatches

INPUTS, LABELS = np.arange(20, dtype=np.float32).reshape(10, 2), np.arange(10)


def test_inputs_stay_with_their_labels_and_an_epoch_can_be_drawn_again() -> None:
    data = ArrayBatches(INPUTS, LABELS, batch_size=4, seed=1)
    assert len(data) == 3
    for (inputs, labels), (again, _) in zip(data.epoch(2), data.epoch(2), strict=True):
        np.testing.assert_array_equal(inputs[:, 0], 2 * labels)
        np.testing.assert_array_equal(inputs, again)


def test_a_resumed_run_skips_what_it_has_seen() -> None:
    data = ArrayBatches(INPUTS, LABELS, batch_size=4, augment=lambda images, step: images + step)
    whole, rest = list(data.epoch(1)), list(data.epoch(1, skip=2))
    assert len(rest) == 1
    np.testing.assert_array_equal(rest[0][0], whole[2][0])  # the same step, so the same augmentation


def test_iteration_is_in_order_and_without_augmentation() -> None:
    data = ArrayBatches(INPUTS, LABELS, batch_size=4, augment=lambda images, step: images * 0)
    np.testing.assert_array_equal(np.concatenate([inputs for inputs, _ in data]), INPUTS)


def test_inputs_and_labels_must_agree() -> None:
    with pytest.raises(ValueError, match="10 inputs, but 9 labels"):
        ArrayBatches(INPUTS, LABELS[:9], batch_size=4)


def test_the_first_sample_with_nan_is_named() -> None:
    inputs = INPUTS.copy()
    inputs[3, 1] = np.nan
    with pytest.raises(ValueError, match="sample 3 of the inputs"):
        ArrayBatches(inputs, LABELS, batch_size=4)
