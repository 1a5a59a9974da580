"""The recipe of the recurrent language model: a short run on a short text, and what can be done with it."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from chainrule.data import CharVocabulary, load_text
from chainrule.generation import generate_text
from chainrule.layers import CrossEntropyLoss
from chainrule.recipes.rnn import RNNConfig, config_of, configure, in_order, train_rnn
from chainrule.recipes.writers import load_writer, samples
from chainrule.training import Run, mean_loss

pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install 'chainrule[train]'")


class Finished(NamedTuple):
    config: RNNConfig
    run: Run
    result: dict[str, Any]


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every character but the first follows from the one before."""
    path = tmp_path_factory.mktemp("texts") / "alphabet.txt"
    path.write_text("abcdefghijklmnopqrstuvwxyz\n" * 250)
    return path


@pytest.fixture(scope="module")
def finished(text: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    config = configure(str(text), hidden=32, embedding=8, epochs=4, batch_size=8, time=16, lr=0.01)
    run = Run.create(tmp_path_factory.mktemp("runs") / "alphabet", asdict(config))
    return Finished(config, run, train_rnn(config, run))


def test_it_learns_what_follows_what(finished: Finished) -> None:
    assert finished.result["test_loss"] < 0.1 < math.log(27)
    model, vocabulary = load_writer(finished.run)
    written = "".join(generate_text(model, vocabulary, "xyz\nabc", 24, temperature=0))
    assert written == "defghijklmnopqrstuvwxyz\n"
    assert [len(sample) for sample in samples(finished.run, count=2, characters=30)] == [30, 30]
    assert vocabulary == CharVocabulary("\nabcdefghijklmnopqrstuvwxyz")
    assert not model.training


def test_the_result_says_the_same_thing_in_three_units(finished: Finished) -> None:
    result = finished.result
    assert result["bits_per_character"] == pytest.approx(result["test_loss"] / math.log(2))
    assert result["perplexity"] == pytest.approx(math.exp(result["test_loss"]))
    assert finished.run.read_json("result.json") == result
    assert (finished.run.path / "learning_curves.png").stat().st_size > 1000


def test_the_test_loss_is_that_of_every_character_of_the_test_part(finished: Finished) -> None:
    text = load_text(finished.config.data)
    model, vocabulary = load_writer(finished.run)
    ids = text.encode(vocabulary).test
    assert finished.result["test_characters"] == len(text.test) == len(ids) - 1
    again = mean_loss(model, CrossEntropyLoss(axis=-1), in_order(ids), carry_state=True)
    assert again == pytest.approx(finished.result["test_loss"], rel=1e-6)


def test_a_run_belongs_to_its_text(finished: Finished, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("zyxwvutsrqponmlkjihgfedcba\n" * 250)
    with pytest.raises(ValueError, match=r"other\.txt is not the one that .* was trained with"):
        train_rnn(replace(finished.config, data=str(other)), finished.run, resume=True)


def test_a_finished_run_gives_the_same_result_again(finished: Finished) -> None:
    again = train_rnn(finished.config, finished.run, resume=True)
    assert again["test_loss"] == pytest.approx(finished.result["test_loss"], rel=1e-6)


def test_defaults_depend_on_the_data() -> None:
    assert configure() == RNNConfig()
    assert configure("tinyshakespeare").layers == 2
    assert configure("tinyshakespeare", layers=1, cell=None).layers == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cell": "lsmt"}, "no cell is called 'lsmt': choose one of rnn, lstm, gru"),
        ({"layers": 0}, "layers must be at least 1, got 0"),
        ({"lr": -1.0}, "lr must be a number > 0, got -1"),
        ({"max_norm": 0.0}, "max_norm must be a number > 0"),
        ({"dropout": 1.0}, "dropout must be a share from 0 to below 1"),
        ({"cell": "gru", "forget_bias": 1.0}, "a gru has no forget gate"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        configure("python-docs", **options)


def test_the_config_of_another_recipe_is_refused(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", {"model": "lenet5"})
    with pytest.raises(ValueError, match=r"config\.json is no config of this recipe"):
        config_of(run)


def test_a_model_of_images_writes_no_text(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", {})
    run.write_json("model.json", {"model": "lenet5", "options": {}})
    with pytest.raises(ValueError, match="holds a 'lenet5' model, which writes no text"):
        load_writer(run)
