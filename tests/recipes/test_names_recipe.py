"""The recipe of names: a short run on made-up ones, and what can be done with it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from recipes.name_lists import write_name_lists

from chainrule.data import CharVocabulary
from chainrule.layers import CrossEntropyLoss
from chainrule.recipes.names import (
    NamesConfig,
    class_weights,
    config_of,
    configure,
    frequent_characters,
    prepare,
    train_names,
)
from chainrule.recipes.trained_names import load_trained_names
from chainrule.training import Callback, Progress, Run, StepResult, evaluate, load

pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install 'chainrule[train]'")
pytest.importorskip("sklearn", reason="the confusion matrix needs it: pip install 'chainrule[train]'")

SMALL: dict[str, Any] = {"hidden": 10, "embedding": 6, "batch_size": 8, "lr": 0.02, "epochs": 6}


class Finished(NamedTuple):
    run: Run
    result: dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_name_lists(tmp_path_factory.mktemp("data") / "languages")


@pytest.fixture(scope="module")
def finished(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    config = configure(str(folder), **SMALL)
    run = Run.create(tmp_path_factory.mktemp("runs") / "names", asdict(config))
    return Finished(run, train_names(config, run))


# ------------------------------------------------------------ the config


def test_options_win_over_defaults_unless_they_are_none(folder: Path) -> None:
    assert configure() == NamesConfig()
    config = configure(str(folder), cell="rnn", epochs=3, lr=None)
    assert (config.cell, config.epochs, config.lr) == ("rnn", 3, NamesConfig().lr)


def test_a_relative_path_is_found_again_from_anywhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    assert configure("languages").data == str(folder.resolve())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"data": "nonsense"}, "'nonsense' is neither names-by-language nor there: pass a folder"),
        ({"cell": "elman"}, "no cell is called 'elman': choose one of rnn, lstm, gru"),
        ({"hidden": 0}, "hidden must be at least 1, got 0"),
        ({"lr": 0.0}, "lr must be a number > 0, got 0"),
        ({"class_weights": -0.5}, "class_weights must be a number >= 0, got -0.5"),
        ({"dropout": 1.0}, "dropout must be a share from 0 to below 1, got 1"),
    ],
)
def test_what_cannot_be_trained_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        configure(**options)


def test_a_config_comes_back_from_its_run(finished: Finished, tmp_path: Path) -> None:
    assert config_of(finished.run).hidden == 10
    with pytest.raises(ValueError, match=r"config\.json is no config of this recipe: .*'temperature'"):
        config_of(Run.create(tmp_path, {"temperature": 1.0}))


# ------------------------------------------------------------ what stands between data and model


def test_the_parts_of_the_data_do_not_overlap(folder: Path) -> None:
    experiment = prepare(configure(str(folder)))
    assert experiment.validation is not None
    parts = (experiment.train, experiment.validation, experiment.test)
    names = [[sequence.tobytes() for sequence in part.sequences] for part in parts]
    assert [len(part) for part in names] == [84, 9, 24]  # 117 names: a fifth, then a tenth
    assert len({name for part in names for name in part}) == 117
    for part in parts:
        assert set(np.bincount(part.labels)) == {len(part.labels) // 3}


def test_no_validation_if_nothing_is_kept_for_it(folder: Path) -> None:
    experiment = prepare(configure(str(folder), validation=0.0))
    assert experiment.validation is None
    assert len(experiment.train.labels) == 93


def test_characters_of_one_name_alone_are_read_as_unknown_in_training_already() -> None:
    vocabulary = frequent_characters(["Ada", "dad", "Bob", "bb"])
    assert vocabulary == CharVocabulary("abd", unknown=True)  # A, B and o stand in one name each
    assert vocabulary.encode("Bob").tolist() == [3, 3, 1]
    assert frequent_characters(["xx", "y"]).characters == "xy"  # if all are rare, all are kept


def test_class_weights_between_none_and_inverse_proportion() -> None:
    labels = np.array([0] * 8 + [1] * 2)
    assert class_weights(labels, 2, 0.0) is None
    np.testing.assert_allclose(class_weights(labels, 2, 1.0), [10 / 16, 10 / 4])
    np.testing.assert_allclose(class_weights(labels, 2, 0.5), np.sqrt([10 / 16, 10 / 4]))


def test_class_weights_are_those_of_the_loss_in_training(folder: Path) -> None:
    assert prepare(configure(str(folder), class_weights=0.0)).loss.weight is None
    weight = prepare(configure(str(folder), class_weights=1.0)).loss.weight
    np.testing.assert_allclose(weight.data, [1, 1, 1], rtol=1e-6)  # as frequent as each other


# ------------------------------------------------------------ a whole run


def test_a_short_run_tells_the_languages_apart(finished: Finished) -> None:
    result = finished.result
    assert result["test_accuracy"] > 0.8
    assert result["balanced_accuracy"] == pytest.approx(result["test_accuracy"])  # classes of one size
    assert 0 < result["test_loss"] < 0.8  # a guess would have ln 3 = 1.1
    assert result["test_names"] == 24
    assert (result["epochs"], result["steps"]) == (6, 6 * 11)  # 84 names, 8 at a time
    assert result["parameters"] == sum(
        array.size for array in load_trained_names(finished.run).model.state_dict().values()
    )


def test_a_run_leaves_every_file(finished: Finished) -> None:
    run = finished.run
    assert {path.name for path in run.path.iterdir()} == {
        "config.json", "model.json", "metrics.jsonl", "last.safetensors", "best.safetensors", "result.json",
        "learning_curves.png", "confusion_matrix.png",
    }  # fmt: skip
    assert run.read_json("result.json") == finished.result
    records = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    assert records[-1]["train_loss"] < records[0]["train_loss"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in run.path.glob("*.png"))


def test_evaluated_again_the_figures_are_the_same(finished: Finished) -> None:
    experiment = prepare(config_of(finished.run))
    trained = load_trained_names(finished.run)
    again = evaluate(trained.model, CrossEntropyLoss(), experiment.test)
    assert again.accuracy == finished.result["test_accuracy"]
    assert again.loss == finished.result["test_loss"]


@pytest.mark.usefixtures("without_pictures")
def test_an_interrupted_run_goes_on_to_the_same_weights(folder: Path, tmp_path: Path) -> None:
    class Stop(Callback):
        def on_step(self, progress: Progress, result: StepResult) -> None:
            if progress.step == 11 + 4:  # in the second epoch: what the first one left is kept
                raise KeyboardInterrupt

    config = configure(str(folder), **{**SMALL, "epochs": 2, "dropout": 0.4})
    whole, parts = Run(tmp_path / "whole"), Run(tmp_path / "parts")
    train_names(config, whole)
    for resume in (False, True):
        try:
            train_names(config, parts, resume=resume, callbacks=[] if resume else [Stop()])
        except KeyboardInterrupt:
            assert not resume
    expected, got = load(whole.last), load(parts.last)
    assert expected.keys() == got.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(got[name], array)


@pytest.fixture
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes longer than such short trainings."""
    for name in ("learning_curves", "confusion_matrix"):
        monkeypatch.setattr(f"chainrule.recipes.fitting.{name}", lambda *_: None)


@pytest.mark.usefixtures("without_pictures")
def test_a_run_does_not_go_on_with_other_names(finished: Finished, folder: Path, tmp_path: Path) -> None:
    other = write_name_lists(tmp_path / "languages")
    (other / "Olm.txt").write_text((folder / "Olm.txt").read_text() + "\nOlmeki")
    run = Run.create(tmp_path / "run", {})
    run.write_json("model.json", finished.run.read_json("model.json"))
    with pytest.raises(ValueError, match=r"the names of .* are not those that .* was trained with"):
        train_names(replace(config_of(finished.run), data=str(other)), run, resume=True)


# ------------------------------------------------------------ a trained model


def test_it_answers_without_the_data(finished: Finished) -> None:
    trained = load_trained_names(finished.run)
    assert trained.classes == ("Kiva", "Olm", "Zett")
    names = ["Kakikü", "Umelol", "Tzszezi"]  # of different length
    probabilities = trained.predict(names)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)
    assert probabilities.argmax(1).tolist() == [0, 1, 2]
    for name, row in zip(names, probabilities, strict=True):  # who stands beside it changes nothing
        np.testing.assert_allclose(trained.predict([name])[0], row, rtol=1e-5)


def test_spellings_that_look_alike_are_the_same_name(finished: Finished) -> None:
    trained = load_trained_names(finished.run)
    composed, decomposed = "K\N{LATIN SMALL LETTER U WITH DIAERESIS}ki", "Ku\N{COMBINING DIAERESIS}ki "
    first, second = trained.predict([composed, decomposed])
    np.testing.assert_array_equal(first, second)
    assert trained.unknown([decomposed]) == ""


def test_unknown_characters_are_read_as_one_and_said(finished: Finished) -> None:
    trained = load_trained_names(finished.run)
    assert trained.unknown(["Kaж", "цKiж"]) == "жц"
    np.testing.assert_array_equal(*trained.predict(["Kaж", "Kaц"]))
    assert np.isfinite(trained.predict(["жц"])).all()


@pytest.mark.parametrize(
    ("names", "message"),
    [(["Ka", " "], "name 2 is empty"), (["a\tb"], "name 1: one name per line expected, but .* holds")],
)
def test_what_is_no_name_is_refused(names: list[str], message: str, finished: Finished) -> None:
    with pytest.raises(ValueError, match=message):
        load_trained_names(finished.run).predict(names)


def test_a_run_of_another_recipe_is_named(tmp_path: Path) -> None:
    run = Run.create(tmp_path, {})
    run.write_json("model.json", {"model": "small"})  # as runs of images were written once
    with pytest.raises(ValueError, match="was made by the recipe 'cnn': it does not read names"):
        load_trained_names(run)


# ------------------------------------------------------------ the real names


def test_the_real_names_can_be_prepared() -> None:
    if not os.environ.get("CHAINRULE_DATA"):
        pytest.skip("CHAINRULE_DATA is not set: no folder with the real data sets")
    experiment = prepare(configure())
    assert len(experiment.classes) == 18
    assert experiment.vocabulary.unknown
    assert "ü" in experiment.vocabulary.characters
