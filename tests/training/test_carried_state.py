"""A state that is carried from batch to batch: in the loop, over a resume, and over several threads."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.data import StreamsInOrder, TextStreams
from chainrule.layers import CrossEntropyLoss, manual_seed
from chainrule.models import RecurrentLM
from chainrule.training import (
    Adam,
    Callback,
    Interrupted,
    Progress,
    Run,
    StepResult,
    fit,
    load,
    mean_loss,
    train_step,
)

TEXT = np.random.default_rng(0).integers(0, 7, 400)
LOSS = CrossEntropyLoss(axis=-1)


def model_of(cell: str = "lstm", dropout: float = 0.0) -> RecurrentLM:
    manual_seed(1)
    return RecurrentLM(7, embedding=5, hidden=6, layers=2, cell=cell, dropout=dropout)


class Stop(Callback):
    """Presses Ctrl-C after some step."""

    def __init__(self, after: int) -> None:
        self.after = after

    def on_step(self, progress: Progress, result: StepResult) -> None:
        if progress.step == self.after:
            os.kill(os.getpid(), signal.SIGINT)


def train(run: Run | None = None, resume: bool = False, stop: int = 0, **options: Any) -> RecurrentLM:
    model = model_of(options.pop("cell", "lstm"), dropout=0.2)
    optimizer = Adam(list(model.parameters()), 0.01)
    callbacks = [Stop(stop)] if stop else []
    fit(
        model, LOSS, optimizer, TextStreams(TEXT, 3, 8), StreamsInOrder(TEXT[:60], 2, 9), epochs=2,
        carry_state=True, run=run, resume=resume, callbacks=callbacks, **options,
    )  # fmt: skip
    return model


def weights(model: RecurrentLM) -> np.ndarray:
    return np.concatenate([p.data.ravel() for p in model.parameters()])


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_resume_in_the_middle_of_an_epoch_goes_on_with_the_state(cell: str, tmp_path: Path) -> None:
    whole = train(cell=cell)
    run = Run.create(tmp_path / "run", {})
    with pytest.raises(Interrupted):
        train(run, cell=cell, stop=5)
    assert any(name.startswith("state") for name in load(run.last))
    np.testing.assert_array_equal(weights(train(run, resume=True, cell=cell)), weights(whole))


def test_every_epoch_begins_without_a_state(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", {})
    train(run)
    assert not any(name.startswith("state") for name in load(run.last))


def test_what_is_carried_changes_the_next_batch_and_nothing_else_does() -> None:
    model = model_of().eval()
    (first, second, *_) = TextStreams(TEXT, 3, 8).epoch(0)
    _, state = model(first[0])
    carried, _ = model(second[0], state)
    whole, _ = model(np.concatenate([first[0], second[0]], axis=1))
    np.testing.assert_allclose(carried, whole[:, 8:], rtol=1e-5, atol=1e-6)
    assert not np.allclose(model(second[0])[0], carried)


def test_no_state_leaks_from_batch_to_batch_unless_asked() -> None:
    """Without carry_state, an order of batches does not matter to a model that learns nothing."""
    model = model_of()
    batches = list(StreamsInOrder(TEXT, 3, 8))
    backwards = mean_loss(model, LOSS, batches[::-1])
    assert mean_loss(model, LOSS, batches) == pytest.approx(backwards, rel=1e-6)
    assert mean_loss(model, LOSS, batches, carry_state=True) != pytest.approx(backwards, rel=1e-6)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_threads_carry_the_parts_of_a_state(cell: str) -> None:
    pytest.importorskip("threadpoolctl")
    results = []
    for threads in (1, 2):
        model = model_of(cell)
        optimizer, state = Adam(list(model.parameters()), 0.01), None
        for x, target in TextStreams(TEXT, 3, 8).epoch(0):
            result = train_step(model, LOSS, optimizer, x, target, 1.0, state=state, threads=threads)
            state = result.state
        results.append((weights(model), result.prediction, state))
    (w, p, s), (w2, p2, s2) = results
    np.testing.assert_allclose(w2, w, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(p2, p, rtol=1e-3, atol=1e-5)
    for part, part2 in zip(np.atleast_1d(s), np.atleast_1d(s2), strict=True):
        np.testing.assert_allclose(part2, part, rtol=1e-3, atol=1e-5)


def test_the_loss_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="no targets: the data is empty"):
        mean_loss(model_of(), LOSS, [])
