"""The recipe of the Transformer language model: a short run on a short text, and what can be done with it."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from chainrule.data import WindowsInOrder, load_text
from chainrule.generation import generate_text
from chainrule.layers import CrossEntropyLoss
from chainrule.recipes.language_model import (
    LMConfig,
    build_optimizer,
    configure,
    figures_of_test,
    prepare,
    train_lm,
)
from chainrule.recipes.writers import load_writer, samples
from chainrule.training import Callback, Progress, Run, StepResult, load, mean_loss

pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install 'chainrule[train]'")

SMALL: dict[str, Any] = {
    "layers": 1, "heads": 2, "d_model": 16, "context": 12, "batch_size": 8, "iterations": 150, "lr": 0.02,
    "threads": 1,
}  # fmt: skip


class Finished(NamedTuple):
    config: LMConfig
    run: Run
    result: dict[str, Any]


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every character but the first follows from the one before."""
    path = tmp_path_factory.mktemp("texts") / "alphabet.txt"
    path.write_text("abcdefghijklmnopqrstuvwxyz\n" * 150)
    return path


@pytest.fixture(scope="module")
def finished(text: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    config = configure(str(text), **SMALL)
    run = Run.create(tmp_path_factory.mktemp("runs") / "alphabet", asdict(config))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chainrule.recipes.language_model.EPOCH", 100)
        return Finished(config, run, train_lm(config, run))


def test_it_learns_what_follows_what(finished: Finished) -> None:
    assert finished.result["test_loss"] < 0.1 < math.log(27)
    model, vocabulary = load_writer(finished.run)
    # longer than the context: the beginning is forgotten on the way
    written = "".join(generate_text(model, vocabulary, "xyz\nabc", 24, temperature=0))
    assert written == "defghijklmnopqrstuvwxyz\n"
    assert [len(sample) for sample in samples(finished.run, count=2, characters=30)] == [30, 30]


def test_iterations_are_counted_and_the_last_epoch_is_shorter(finished: Finished) -> None:
    assert (finished.result["steps"], finished.result["epochs"]) == (150, 2)
    lines = (finished.run.path / "metrics.jsonl").read_text().splitlines()
    assert [line.partition('"step": ')[2].partition(",")[0] for line in lines] == ["100", "150"]
    assert "validation_accuracy" not in lines[0]  # the best weights are those with the best loss


def test_the_test_loss_is_that_of_every_character_of_the_test_part(finished: Finished) -> None:
    text = load_text(finished.config.data)
    model, vocabulary = load_writer(finished.run)
    ids = text.encode(vocabulary).test
    assert finished.result["test_characters"] == len(text.test) == len(ids) - 1
    again = mean_loss(model, CrossEntropyLoss(axis=-1), WindowsInOrder(ids, 3, 12, stride=6))
    assert again == pytest.approx(finished.result["test_loss"], rel=1e-5)
    assert finished.result["perplexity"] == pytest.approx(math.exp(again), rel=1e-5)


class Stop(Callback):
    def __init__(self, step: int) -> None:
        self.step = step

    def on_step(self, progress: Progress, result: StepResult) -> None:
        if progress.step == self.step:
            raise KeyboardInterrupt


@pytest.mark.parametrize("step", [3, 7])  # before and after the first checkpoint
def test_an_interrupted_run_goes_on_to_the_same_weights(
    step: int, text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chainrule.recipes.language_model.learning_curves", lambda *_: None)
    monkeypatch.setattr("chainrule.recipes.language_model.EPOCH", 5)
    config = configure(str(text), **{**SMALL, "iterations": 12, "dropout": 0.2})
    whole, parts = Run(tmp_path / "whole"), Run(tmp_path / "parts")
    result = train_lm(config, whole)
    with pytest.raises(KeyboardInterrupt):
        train_lm(config, parts, callbacks=[Stop(step)])
    again = train_lm(config, parts, resume=True)
    assert again["test_loss"] == result["test_loss"]
    expected, got = load(whole.last), load(parts.last)
    assert expected.keys() == got.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(got[name], array)


@pytest.mark.parametrize("positions", ["learned", "sinusoidal", "rotary", "none"])
def test_every_kind_of_positions_can_be_trained_and_loaded(
    positions: str, text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chainrule.recipes.language_model.learning_curves", lambda *_: None)
    config = configure(str(text), **{**SMALL, "iterations": 2, "positions": positions})
    run = Run.create(tmp_path / "run", asdict(config))
    train_lm(config, run)
    model, _ = load_writer(run)
    assert ("input.positions.weight" in model.state_dict()) == (positions == "learned")
    assert model.input.scale == (4.0 if positions == "sinusoidal" else 1.0)


def test_biases_and_norms_do_not_decay(finished: Finished) -> None:
    experiment = prepare(finished.config)
    optimizer = build_optimizer(finished.config, experiment.model)
    before = experiment.model.state_dict()
    optimizer.step()  # all gradients are 0: what moves, decays
    for name, array in experiment.model.state_dict().items():
        moved = not np.array_equal(array, before[name])
        assert moved == (array.ndim > 1), name


def test_a_run_belongs_to_its_text(finished: Finished, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("zyxwvutsrqponmlkjihgfedcba\n" * 150)
    with pytest.raises(ValueError, match=r"other\.txt is not the one that .* was trained with"):
        train_lm(replace(finished.config, data=str(other)), finished.run, resume=True)


def test_defaults_depend_on_the_data() -> None:
    assert configure() == LMConfig()
    assert configure("tinyshakespeare").iterations == 2000
    assert configure("tinyshakespeare", iterations=10, layers=None).layers == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"positions": "absolute"}, "no positions is called 'absolute': choose one of sinusoidal, learned"),
        ({"iterations": 0}, "iterations must be at least 1, got 0"),
        ({"lr": 0.0}, "lr must be a number > 0, got 0"),
        ({"dropout": 1.0}, "dropout must be a share from 0 to below 1"),
        ({"weight_decay": -0.1}, "weight_decay must be a number >= 0"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        configure("python-docs", **options)


def test_the_initial_model_knows_nothing(text: Path) -> None:
    figures = figures_of_test(prepare(configure(str(text), **SMALL)))
    assert figures["test_loss"] == pytest.approx(math.log(27), rel=0.02)
