"""Progress: sums that become means once per epoch, and that survive a trip through JSON."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from chainrule.training import Progress, StepResult


def step(loss: float, targets: list[int], right: int | None, norm: float = 1.0) -> tuple[StepResult, Any]:
    """A step with so many right answers, and its targets."""
    logits = np.zeros((len(targets), 3))
    return StepResult((logits,), loss, len(targets), right, norm), np.array(targets)


def progress_of_two_steps() -> Progress:
    progress = Progress()
    progress.add(*step(6.0, [0, 1, 1], right=2, norm=3.0), seconds=0.5)
    progress.add(*step(1.0, [2], right=1), seconds=0.25)
    return progress


def test_means_are_over_samples() -> None:
    progress = progress_of_two_steps()
    assert progress.mean_loss == 7 / 4  # and not (2 + 1) / 2
    assert progress.accuracy == 3 / 4
    assert progress.samples_per_second == 4 / 0.75
    assert (progress.step, progress.step_in_epoch) == (2, 2)


def test_what_is_no_class_is_neither_right_nor_wrong() -> None:
    progress = Progress()
    progress.add(StepResult((np.ones((4, 2)),), 3.0, 8.0, None, 1.0), np.ones((4, 2)), seconds=1.0)
    assert math.isnan(progress.accuracy)
    assert progress.samples_per_second == 4
    assert "train_accuracy" not in progress.finish_epoch()


def test_ignored_targets_are_neither_right_nor_wrong() -> None:
    progress = Progress()
    progress.add(*step(6.0, [0, 1, -100, -100], right=1), seconds=1.0)
    assert progress.accuracy == 1 / 2
    assert progress.samples_per_second == 2


def test_an_epoch_becomes_a_record_and_the_sums_begin_again() -> None:
    progress = progress_of_two_steps()
    record = progress.finish_epoch(lr=0.1, validation_accuracy=0.5)
    assert record == {
        "epoch": 1, "step": 2, "train_loss": 7 / 4, "train_accuracy": 3 / 4, "gradient_norm": 2.0,
        "samples_per_second": 4 / 0.75, "seconds": 0.75, "lr": 0.1, "validation_accuracy": 0.5,
    }  # fmt: skip
    assert progress == Progress(epoch=1, step=2, history=[record])


def test_before_the_first_step_there_is_no_mean() -> None:
    progress = Progress()
    assert math.isnan(progress.mean_loss)
    assert math.isnan(progress.accuracy)
    assert progress.samples_per_second == 0


def test_seconds_are_counted_over_finished_epochs_and_the_one_at_hand() -> None:
    progress = progress_of_two_steps()
    progress.finish_epoch()
    progress.add(*step(1.0, [2], right=1), seconds=2.0)
    assert progress.total_seconds == pytest.approx(2.75)


def test_json_keeps_every_digit() -> None:
    progress = progress_of_two_steps()
    progress.loss += 1 / 3
    progress.finish_epoch(lr=1e-3 / 7)
    progress.add(*step(math.pi, [1, 0], right=1), seconds=1e-7)
    assert Progress(**json.loads(json.dumps(progress.to_json()))) == progress
