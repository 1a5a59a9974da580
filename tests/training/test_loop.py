"""The loop: it learns, it stops when asked to, and it goes on as if it had never stopped."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from training.small_tasks import (
    assert_same_numbers,
    bright_bars,
    everything,
    small_model,
    small_training,
    without_clock,
)

from chainrule.data import ArrayBatches
from chainrule.layers import CrossEntropyLoss, Flatten, Linear, Sequential, manual_seed
from chainrule.layers.randomness import current
from chainrule.training import (
    SGD,
    Adam,
    Callback,
    ConstantLR,
    Interrupted,
    NonFiniteError,
    Progress,
    Record,
    Run,
    StepResult,
    fit,
    load,
)


def test_it_learns() -> None:
    arguments = small_training(count=60, batch_size=8, epochs=8)
    history = fit(**arguments)
    assert [record["epoch"] for record in history] == list(range(1, 9))
    assert history[0]["train_loss"] > 2 * history[-1]["train_loss"]
    assert history[-1]["validation_accuracy"] == 1.0


def test_the_weights_follow_from_the_seed() -> None:
    runs = [small_training(seed=seed) for seed in (5, 5, 6)]
    for arguments in runs:
        fit(**arguments)
    first, again, other = (everything(arguments) for arguments in runs)
    assert_same_numbers(again, first)
    assert (other["0.weight"] != first["0.weight"]).any()


def test_every_step_draws_masks_of_its_own() -> None:
    class Spy(Flatten):
        def forward(self, x: np.ndarray) -> Any:
            drawn.append((current().seed, current().step))
            return super().forward(x)

    drawn: list[tuple[int, int]] = []
    model = Sequential(Spy(), Linear(42, 3))
    train = ArrayBatches(*bright_bars(5), batch_size=2)
    fit(model, CrossEntropyLoss(), SGD(model.parameters()), train, epochs=2, seed=8)
    # not the same again in every epoch; and step 0 belongs to the initial weights
    assert drawn == [(8, step) for step in range(1, 7)]


# ------------------------------------------------------------ stopping and going on


class PressCtrlC(Callback):
    """Sends this process the signal of Ctrl-C after so many steps."""

    def __init__(self, after_step: int, number: signal.Signals = signal.SIGINT) -> None:
        self.after_step, self.number = after_step, number

    def on_step(self, progress: Progress, result: StepResult) -> None:
        if progress.step == self.after_step:
            os.kill(os.getpid(), self.number)


class Whole(NamedTuple):
    numbers: dict[str, np.ndarray]
    records: list[Record]
    best: dict[str, np.ndarray]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """3 epochs of 7 steps, of which the last has one sample; dropout, shuffling and a cosine."""
    arguments = small_training()
    assert len(arguments["train"]) == 7
    run = Run.create(tmp_path_factory.mktemp("runs") / "whole", {})
    records = fit(**arguments, run=run)
    return Whole(everything(arguments), records, load(run.best))


@pytest.mark.parametrize("step", [1, 4, 7, 13, 14, 20, 21], ids=lambda step: f"step {step}")
def test_a_stopped_run_ends_with_the_same_bits(step: int, uninterrupted: Whole, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", {})
    with pytest.raises(Interrupted, match=f"stopped after step {step}, in epoch {(step - 1) // 7 + 1} of 3"):
        fit(**small_training(), run=run, callbacks=[PressCtrlC(step)])

    # a new process would begin like this: with other weights, which the checkpoint replaces
    arguments = small_training()
    arguments["model"].load_state_dict(small_model(seed=99).state_dict())
    history = fit(**arguments, run=run, resume=True)
    assert_same_numbers(everything(arguments), uninterrupted.numbers)
    assert_same_numbers(load(run.best), uninterrupted.best)
    assert without_clock(history) == without_clock(uninterrupted.records)
    lines = (run.path / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == history


def test_a_run_may_be_stopped_many_times(uninterrupted: Whole, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", {})
    for step in (3, 5, 6, 7, 11, 19):
        with pytest.raises(Interrupted):
            fit(**small_training(), run=run, resume=run.last.exists(), callbacks=[PressCtrlC(step)])
    arguments = small_training()
    history = fit(**arguments, run=run, resume=True)
    assert_same_numbers(everything(arguments), uninterrupted.numbers)
    assert without_clock(history) == without_clock(uninterrupted.records)


def test_sigterm_is_a_wish_to_stop_as_well(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", {})
    with pytest.raises(Interrupted, match="stopped after step 2"):
        fit(**small_training(), run=run, callbacks=[PressCtrlC(2, signal.SIGTERM)])
    assert run.load_checkpoint(small_model()).step == 2


def test_a_second_ctrl_c_stops_at_once() -> None:
    class Impatient(Callback):
        def on_step(self, progress: Progress, result: StepResult) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        fit(**small_training(), callbacks=[Impatient()])


def test_resuming_a_finished_run_does_nothing(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", {})
    first = small_training()
    records = fit(**first, run=run)
    before = {path.name: path.read_bytes() for path in run.path.iterdir()}
    steps = PressCtrlC(after_step=22)
    again = small_training()
    assert fit(**again, run=run, resume=True, callbacks=[steps]) == records
    assert_same_numbers(everything(again), everything(first))
    assert {path.name: path.read_bytes() for path in run.path.iterdir()} == before


def test_more_epochs_may_follow_later(tmp_path: Path) -> None:
    # with a constant learning rate, for a cosine would have fallen along another curve
    def constant(epochs: int) -> dict[str, Any]:
        return small_training(epochs=epochs) | {"schedule": ConstantLR(0.01)}

    whole, parts = constant(3), constant(3)
    fit(**whole)
    run = Run.create(tmp_path / "run", {})
    fit(**constant(2), run=run)
    fit(**parts, run=run, resume=True)
    assert_same_numbers(everything(parts), everything(whole))


def test_a_checkpoint_of_another_optimizer_is_refused(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", {})
    fit(**small_training(epochs=1), run=run)
    other = small_training()
    other["optimizer"] = SGD(other["model"].parameters())
    with pytest.raises(ValueError, match="no state of SGD"):
        fit(**other, run=run, resume=True)


@pytest.mark.parametrize("ending", ["well", "interrupted", "error"])
def test_signal_handlers_are_given_back(ending: str) -> None:
    class Fail(Callback):
        def on_step(self, progress: Progress, result: StepResult) -> None:
            raise LookupError

    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    callbacks = {"well": [], "interrupted": [PressCtrlC(1)], "error": [Fail()]}[ending]
    try:
        fit(**small_training(epochs=1), callbacks=callbacks)
    except (Interrupted, LookupError):
        assert ending != "well"
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_it_runs_in_a_thread_where_signals_cannot_be_caught() -> None:
    histories: list[list[Record]] = []
    thread = threading.Thread(target=lambda: histories.append(fit(**small_training(epochs=1))))
    thread.start()
    thread.join()
    assert histories[0][0]["step"] == 7


# ------------------------------------------------------------ not a number


class PoisonedBatches(ArrayBatches):
    """The third batch of every epoch holds a NaN."""

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for i, (x, target) in enumerate(super().epoch(epoch, skip)):
            if i == 2:
                x[1, 0, 4, 5] = np.nan
            yield x, target


class LastNumbers(Callback):
    """What a step may change, as it was after the last whole step."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        self.arguments = arguments
        self.steps = 0

    def on_step(self, progress: Progress, result: StepResult) -> None:
        self.numbers, self.steps = everything(self.arguments), progress.step


def test_nan_in_the_input_is_found_and_changes_nothing() -> None:
    arguments = small_training() | {"schedule": None}  # a schedule would have set the next learning rate
    arguments["train"] = PoisonedBatches(*bright_bars(25), batch_size=4)
    last = LastNumbers(arguments)
    message = r"the loss is nan: the input already holds NaN in 1 of 168 numbers, the first at \(1, 0, 4, 5\)"
    with pytest.raises(NonFiniteError, match=message):
        fit(**arguments, callbacks=[last])
    assert last.steps == 2
    assert_same_numbers(everything(arguments), last.numbers)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy warns of the overflows, too
def test_an_exploding_learning_rate_is_stopped_at_the_first_layer_that_overflows() -> None:
    arguments = small_training(epochs=50)
    model = arguments["model"] = Sequential(
        {"flat": Flatten(), "first": Linear(42, 5), "second": Linear(5, 3)}
    )
    arguments |= {"optimizer": SGD(model.parameters(), lr=1e18), "schedule": None}
    last = LastNumbers(arguments)
    with pytest.raises(
        NonFiniteError, match=r"layer (first|second) \(Linear\)|parameter (first|second)|gradient of"
    ):
        fit(**arguments, callbacks=[last])
    assert last.steps >= 1
    assert_same_numbers(everything(arguments), last.numbers)


# ------------------------------------------------------------ what is measured


def test_the_loss_is_a_mean_over_samples_not_over_batches() -> None:
    # 4 + 4 + 1 samples: the last one must not weigh as much as four others
    images, labels = bright_bars(9)
    manual_seed(4)
    model = Sequential(Flatten(), Linear(42, 3))
    train = ArrayBatches(images, labels, batch_size=4)
    history = fit(model, CrossEntropyLoss(), SGD(model.parameters(), lr=0.0), train, train, epochs=1)
    logits = model(images)
    expected = float(CrossEntropyLoss()(logits, labels))
    accuracy = float((logits.argmax(-1) == labels).mean())
    assert history[0]["train_loss"] == pytest.approx(expected, rel=1e-6)
    assert history[0]["validation_loss"] == pytest.approx(expected, rel=1e-6)
    assert history[0]["train_accuracy"] == history[0]["validation_accuracy"] == pytest.approx(accuracy)
    means = [float(CrossEntropyLoss()(model(x), t)) for x, t in train.epoch(0)]
    assert abs(np.mean(means) - expected) > 0.01, "both means agree by chance: this proves nothing"


def test_a_record_says_where_training_stands() -> None:
    history = fit(**small_training())
    assert [(record["epoch"], record["step"]) for record in history] == [(1, 7), (2, 14), (3, 21)]
    names = "epoch step train_loss train_accuracy gradient_norm samples_per_second seconds lr"
    names += " validation_loss validation_accuracy"
    assert all(set(record) == set(names.split()) for record in history)
    # the learning rate of the last step of each epoch
    assert history[0]["lr"] == pytest.approx(0.01 * (1 + np.cos(np.pi * 6 / 21)))


def test_clipping_bounds_the_step_and_reports_the_norm_before() -> None:
    arguments = small_training(epochs=1)
    model = arguments["model"]
    arguments |= {"optimizer": SGD(model.parameters(), lr=1.0), "schedule": None}
    before = [p.data.copy() for p in model.parameters()]
    (record,) = fit(**arguments, max_norm=1e-3)
    moved = np.sqrt(
        sum(((p.data - old) ** 2).sum() for p, old in zip(model.parameters(), before, strict=True))
    )
    assert moved <= 7 * 1e-3  # seven steps of at most that length
    assert record["gradient_norm"] > 0.1


def test_the_best_weights_are_kept_when_validation_improves(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", {})
    kept: list[dict[str, np.ndarray]] = []

    class Watch(Callback):
        def on_epoch(self, record: Record) -> None:
            kept.append(load(run.best))

    arguments = small_training(epochs=6)
    history = fit(**arguments, run=run, callbacks=[Watch()])
    best = -1.0
    for epoch, record in enumerate(history):
        changed = epoch == 0 or any((kept[epoch][n] != a).any() for n, a in kept[epoch - 1].items())
        assert changed == (record["validation_accuracy"] > best)
        best = max(best, record["validation_accuracy"])
    assert len({record["validation_accuracy"] for record in history}) > 1, (
        "it never improved: this proves nothing"
    )
    assert kept[-1].keys() == arguments["model"].state_dict().keys()


def test_training_ends_when_nothing_has_become_better_for_a_while(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", {})
    arguments = small_training(epochs=30) | {"schedule": ConstantLR(0.0)}  # it learns nothing
    history = fit(**arguments, run=run, patience=3)
    accuracies = [record["validation_accuracy"] for record in history]
    assert len(history) == accuracies.index(max(accuracies)) + 1 + 3 < 30
    again = fit(**small_training(epochs=30), run=run, resume=True, patience=3)
    assert again == history  # it has ended: going on does nothing
    with pytest.raises(ValueError, match="patience must be at least 1 and needs validation data"):
        fit(**small_training() | {"validation": None}, patience=2)


def test_the_best_can_be_chosen_by_the_loss(tmp_path: Path) -> None:
    history = fit(**small_training(epochs=2), best_by="loss")
    both = fit(**small_training(epochs=2))
    assert [r["validation_loss"] for r in history] == pytest.approx([r["validation_loss"] for r in both])
    assert "validation_accuracy" not in history[0]
    with pytest.raises(ValueError, match="best_by must be 'accuracy' or 'loss', got 'bleu'"):
        fit(**small_training(), best_by="bleu")


def test_further_figures_are_measured_in_evaluation_mode_after_each_epoch() -> None:
    arguments = small_training(epochs=2)
    model = arguments["model"]
    history = fit(**arguments, measure=lambda: {"in_training": float(model.training)})
    assert [record["in_training"] for record in history] == [0.0, 0.0]


def test_without_validation_there_are_no_best_weights(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", {})
    history = fit(**small_training(epochs=1) | {"validation": None}, run=run)
    assert "validation_loss" not in history[0]
    assert not run.best.exists()


def test_callbacks_are_told_of_every_event_in_order() -> None:
    events: list[str] = []

    class Diary(Callback):
        def on_start(self, progress: Progress, epochs: int, steps_per_epoch: int) -> None:
            events.append(f"start {epochs} x {steps_per_epoch}")

        def on_step(self, progress: Progress, result: StepResult) -> None:
            events.append(f"step {progress.step}")

        def on_epoch(self, record: Record) -> None:
            events.append(f"epoch {record['epoch']}")

        def on_end(self) -> None:
            events.append("end")

    fit(**small_training(count=5, epochs=2), callbacks=[Diary(), Callback()])
    assert events == ["start 2 x 2", "step 1", "step 2", "epoch 1", "step 3", "step 4", "epoch 2", "end"]
    events.clear()
    with pytest.raises(Interrupted):
        fit(**small_training(count=5), callbacks=[Diary(), PressCtrlC(1)])
    assert events == ["start 3 x 2", "step 1", "end"]


def test_nothing_to_train_is_refused() -> None:
    model = small_model()
    train = ArrayBatches(*bright_bars(5), batch_size=2)
    with pytest.raises(ValueError, match="nothing to train: 0 epochs of 3 steps"):
        fit(model, CrossEntropyLoss(), Adam(model.parameters()), train, epochs=0)
