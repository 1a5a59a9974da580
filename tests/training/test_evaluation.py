"""Evaluation: all data counts the same, and the model is as it was before."""

from __future__ import annotations

import numpy as np
import pytest
from training.small_tasks import assert_same_numbers, bright_bars, small_model

from chainrule.data import ArrayBatches
from chainrule.layers import CrossEntropyLoss, Dropout, Linear, Sequential
from chainrule.training import Evaluation, evaluate, mean_loss

IMAGES, LABELS = bright_bars(11)


def test_batches_do_not_change_the_figures() -> None:
    model = small_model()
    whole, parts = (
        evaluate(model, CrossEntropyLoss(), ArrayBatches(IMAGES, LABELS, size)) for size in (11, 4)
    )
    assert parts.loss == pytest.approx(whole.loss, rel=1e-6)
    assert parts.accuracy == whole.accuracy
    np.testing.assert_allclose(parts.logits, whole.logits, rtol=1e-5, atol=1e-6)


def test_several_threads_give_the_same_figures_in_the_same_order() -> None:
    model, batches = small_model(), ArrayBatches(IMAGES, LABELS, 2)
    alone, together = (evaluate(model, CrossEntropyLoss(), batches, threads) for threads in (1, 3))
    assert together.loss == alone.loss
    np.testing.assert_array_equal(together.logits, alone.logits)
    np.testing.assert_array_equal(together.labels, LABELS)
    assert mean_loss(model, CrossEntropyLoss(), batches, threads=3) == alone.loss


def test_figures_are_those_of_the_logits() -> None:
    model = small_model().eval()
    got = evaluate(model, CrossEntropyLoss(), ArrayBatches(IMAGES, LABELS, 4))
    logits = model(IMAGES)
    assert got.loss == pytest.approx(float(CrossEntropyLoss()(logits, LABELS)), rel=1e-6)
    np.testing.assert_array_equal(got.predictions, logits.argmax(1))
    np.testing.assert_array_equal(got.labels, LABELS)  # in the order of the data
    assert got.accuracy == (logits.argmax(1) == LABELS).mean()


def test_rare_classes_count_as_much_as_frequent_ones_on_average() -> None:
    labels = np.array([0, 0, 0, 0, 2])  # class 1 does not occur: it says nothing
    predictions = np.array([0, 0, 0, 1, 1])
    got = Evaluation(0.0, 0.6, np.eye(3)[predictions], labels)
    assert got.balanced_accuracy == pytest.approx((3 / 4 + 0) / 2)


def test_dropout_and_batch_statistics_are_off_and_nothing_is_learned() -> None:
    model = small_model(dropout=0.9)
    before = model.state_dict()
    first, again = (evaluate(model, CrossEntropyLoss(), [(IMAGES, LABELS)]) for _ in range(2))
    np.testing.assert_array_equal(first.logits, again.logits)
    assert_same_numbers(model.state_dict(), before)


def test_every_layer_gets_its_mode_back() -> None:
    class BrokenLoss(CrossEntropyLoss):
        def forward(self, prediction: np.ndarray, target: np.ndarray) -> tuple[float, float, None]:
            raise LookupError

    # someone keeps one layer in evaluation mode on purpose
    model = Sequential(Dropout(0.5), Linear(4, 3), Dropout(0.5))
    model[2].eval()
    x, target = np.zeros((2, 4), np.float32), np.array([0, 2])
    evaluate(model, CrossEntropyLoss(), [(x, target)])
    assert [layer.training for layer in model] == [True, True, False]
    with pytest.raises(LookupError):
        evaluate(model, BrokenLoss(), [(x, target)])
    assert [layer.training for layer in model] == [True, True, False]
    assert model.training


def test_no_data_is_an_error_and_no_division_by_zero() -> None:
    with pytest.raises(ValueError, match="evaluate got no batches: the data is empty"):
        evaluate(small_model(), CrossEntropyLoss(), [])
    with pytest.raises(ValueError, match="mean_loss got no targets: the data is empty"):
        mean_loss(small_model(), CrossEntropyLoss(), [])
