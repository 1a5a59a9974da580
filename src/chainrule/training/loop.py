"""The training loop: short enough to be read, complete enough to be used."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from math import isnan
from typing import Any, Protocol

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.layers.layer import Layer
from chainrule.layers.randomness import randomness

from .evaluation import evaluate, evaluating, mean_loss
from .files import save
from .interrupt import Interrupted, stop_on_signal
from .memory import keep_freed_memory
from .nonfinite import check_finite
from .optimizers import Optimizer
from .progress import Progress, Record
from .run import Run
from .schedules import Schedule
from .step import Loss, StepResult, train_step


class Batches(Protocol):
    """What the loop needs from data: the same epoch gives the same batches, so that a run can be resumed."""

    def __len__(self) -> int:
        """Steps per epoch."""
        ...

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[tuple[Any, Array]]:
        """(inputs, labels) of this epoch, without the first `skip` batches."""
        ...


class Callback:
    """Watches a run. Every method does nothing unless overridden."""

    def on_start(self, progress: Progress, epochs: int, steps_per_epoch: int) -> None: ...

    def on_step(self, progress: Progress, result: StepResult) -> None: ...

    def on_epoch(self, record: Record) -> None: ...

    def on_end(self) -> None: ...


def fit(
    model: Layer,
    loss: Loss,
    optimizer: Optimizer,
    train: Batches,
    validation: Iterable[tuple[Any, Array]] | None = None,
    *,
    epochs: int,
    schedule: Schedule | None = None,
    max_norm: float | None = None,
    carry_state: bool = False,
    seed: int = 0,
    run: Run | None = None,
    resume: bool = False,
    callbacks: Sequence[Callback] = (),
    threads: int = 1,
    best_by: str = "accuracy",
    measure: Callable[[], dict[str, float]] | None = None,
    keep: int = 0,
    patience: int | None = None,
    validation_loss: Loss | None = None,
) -> list[Record]:
    """Trains for `epochs` epochs and returns one record per epoch.

    A checkpoint is written to `run` after every epoch, and when Ctrl-C asks to stop (after the step at hand;
    then Interrupted is raised). With resume=True the run goes on from there and ends with the same weights as
    if it had never stopped: batches depend on (seed, epoch), masks on (seed, step), the learning rate on the
    step.

    carry_state: a recurrent model's state goes on from batch to batch, through one epoch. Its gradient does
    not: back-propagation through time is truncated.

    threads > 1 cuts each batch into as many parts, one per core (see sharding): the same results up to
    rounding; and looks at as many batches of the validation data at once.

    best_by: what decides which weights were the best on the validation data: "accuracy" (where targets are no
    classes, the loss), or "loss"; then nothing else is computed there, and no prediction kept. A carried
    state means "loss".

    measure() gives further figures for each epoch's record, such as {"validation_bleu": 31.2}. keep: the
    weights of so many last epochs stay in files of their own (see averaging). patience: so many epochs in a
    row without a better one, and training ends. validation_loss: what the validation data is measured with,
    where that is not the loss that is trained: without label smoothing, for example.

    Raises NonFiniteError, naming the first layer concerned, if the loss or a gradient is NaN or infinite; the
    weights are then those before that step.
    """
    if resume and run is None:
        raise ValueError("resume=True needs run=: the directory that holds the checkpoint")
    if threads < 1:
        raise ValueError(f"threads must be at least 1, got {threads}")
    if best_by not in ("accuracy", "loss"):
        raise ValueError(f"best_by must be 'accuracy' or 'loss', got {best_by!r}")
    if patience is not None and (patience < 1 or validation is None):
        raise ValueError(f"patience must be at least 1 and needs validation data, got {patience}")
    if epochs < 1 or len(train) < 1:
        raise ValueError(f"nothing to train: {epochs} epochs of {len(train)} steps")
    progress = run.load_checkpoint(model, optimizer) if run and resume else Progress()
    state = run.load_state() if run and resume and progress.step_in_epoch else None
    measured_with = validation_loss or loss
    keep_freed_memory()
    for callback in callbacks:
        callback.on_start(progress, epochs, len(train))
    try:
        with stop_on_signal() as stop:
            for epoch in range(progress.epoch, epochs):
                if patience is not None and _epochs_without_gain(progress.history) >= patience:
                    break
                model.train()
                for x, target in train.epoch(epoch, skip=progress.step_in_epoch):
                    start = time.perf_counter()
                    if schedule is not None:
                        optimizer.lr = schedule(progress.step)
                    # step 0 belongs to the initial weights; check_finite says what NumPy would warn of
                    with randomness(seed, progress.step + 1), np.errstate(over="ignore", invalid="ignore"):
                        check = partial(check_finite, model, x, state=state)
                        result = train_step(
                            model, loss, optimizer, x, target, max_norm, check, state, threads=threads
                        )
                    state = result.state if carry_state else None
                    progress.add(result, target, time.perf_counter() - start)
                    for callback in callbacks:
                        callback.on_step(progress, result)
                    if stop:
                        if run:
                            run.save_checkpoint(model, optimizer, progress, state)
                        raise Interrupted(
                            f"stopped after step {progress.step}, in epoch {epoch + 1} of {epochs}"
                        )

                # of the last step; after a stop at the end of an epoch, the optimizer has not taken one yet
                more = {"lr": optimizer.lr if schedule is None else schedule(progress.step - 1)}
                state = None
                if validation is not None and (carry_state or best_by == "loss"):
                    mean = mean_loss(model, measured_with, validation, carry_state, threads)
                    more |= {"validation_loss": mean}
                elif validation is not None:
                    scores = evaluate(model, measured_with, validation, threads)
                    more |= {"validation_loss": scores.loss}
                    more |= {} if isnan(scores.accuracy) else {"validation_accuracy": scores.accuracy}
                if measure is not None:
                    with evaluating(model):
                        more |= measure()
                record = progress.finish_epoch(**more)
                if run and keep:
                    run.save_epoch(model, epoch + 1, keep)
                if run:
                    _keep(run, model, optimizer, progress)
                for callback in callbacks:
                    callback.on_epoch(record)
    finally:
        for callback in callbacks:
            callback.on_end()
    return progress.history


def _keep(run: Run, model: Layer, optimizer: Optimizer, progress: Progress) -> None:
    """After an epoch: the weights apart, if none before did better on the validation data; the checkpoint."""
    if "validation_loss" in progress.history[-1] and not _epochs_without_gain(progress.history):
        save(model, run.best)
    run.save_checkpoint(model, optimizer, progress)


def _epochs_without_gain(history: list[Record]) -> int:
    """How many epochs ago the best on the validation data was. Of equally good ones, the first counts."""
    scores = [float(record.get("validation_accuracy", -record["validation_loss"])) for record in history]
    return len(scores) - 1 - scores.index(max(scores)) if scores else 0
