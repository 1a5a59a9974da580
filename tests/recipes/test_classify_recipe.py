"""The recipe of texts to be told apart: a short run on made-up reviews, and what can be done with it."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from recipes.labeled_reviews import write_reviews

from chainrule.data import Tokenizer
from chainrule.layers import CrossEntropyLoss
from chainrule.recipes.classify import ClassifyConfig, config_of, configure, prepare, train_classify
from chainrule.recipes.trained_texts import encode, load_trained_texts, tidy
from chainrule.training import Callback, Progress, Run, StepResult, evaluate, load

pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install 'chainrule[train]'")
pytest.importorskip("sklearn", reason="the confusion matrix needs it: pip install 'chainrule[train]'")
pytest.importorskip("tokenizers", reason="texts are cut by it: pip install 'chainrule[train]'")

SMALL: dict[str, Any] = {
    "layers": 1, "heads": 2, "d_model": 16, "batch_size": 8, "lr": 0.02, "epochs": 10, "dropout": 0.0,
    "threads": 1,
}  # fmt: skip


class Finished(NamedTuple):
    run: Run
    result: dict[str, Any]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reviews(tmp_path_factory.mktemp("data") / "reviews.tsv")


@pytest.fixture(scope="module")
def finished(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    config = configure(str(table), **SMALL)
    run = Run.create(tmp_path_factory.mktemp("runs") / "reviews", asdict(config))
    return Finished(run, train_classify(config, run))


def test_a_short_run_tells_the_reviews_apart(finished: Finished) -> None:
    result = finished.result
    assert result["test_accuracy"] >= 0.9
    assert 0 < result["test_loss"] < 0.5  # a guess would have ln 2 = 0.69
    assert result["test_texts"] == 12
    assert (result["epochs"], result["steps"]) == (10, 10 * 6)  # 60 - 12 - 4 texts, 8 at a time
    assert {path.name for path in finished.run.path.iterdir()} == {
        "config.json", "model.json", "metrics.jsonl", "last.safetensors", "best.safetensors", "result.json",
        "learning_curves.png", "confusion_matrix.png",
    }  # fmt: skip


def test_evaluated_again_the_figures_are_the_same(finished: Finished) -> None:
    experiment = prepare(config_of(finished.run))
    trained = load_trained_texts(finished.run)
    again = evaluate(trained.model, CrossEntropyLoss(), experiment.test)
    assert again.accuracy == finished.result["test_accuracy"]
    assert again.loss == pytest.approx(finished.result["test_loss"], rel=1e-5)


def test_words_are_hidden_in_training_alone(table: Path) -> None:
    experiment = prepare(configure(str(table), **SMALL, token_dropout=0.5))
    hidden = np.concatenate([ids.ravel() for (ids, _), _ in experiment.train.epoch(0)])
    assert 0.3 < (hidden == experiment.tokenizer.unk_id).mean() < 0.7
    for part in (experiment.validation, experiment.test):
        assert part is not None
        assert part.augment is None
    open_ = prepare(configure(str(table), **SMALL, token_dropout=0.0)).train
    assert not any((ids == experiment.tokenizer.unk_id).any() for (ids, _), _ in open_.epoch(0))


def test_an_interrupted_run_goes_on_to_the_same_weights(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stop(Callback):
        def on_step(self, progress: Progress, result: StepResult) -> None:
            if progress.step == 6 + 3:  # in the second epoch: what the first one left is kept
                raise KeyboardInterrupt

    for name in ("learning_curves", "confusion_matrix"):
        monkeypatch.setattr(f"chainrule.recipes.fitting.{name}", lambda *_: None)
    config = configure(str(table), **{**SMALL, "epochs": 2})
    whole, parts = Run(tmp_path / "whole"), Run(tmp_path / "parts")
    train_classify(config, whole)
    with pytest.raises(KeyboardInterrupt):
        train_classify(config, parts, callbacks=[Stop()])
    train_classify(config, parts, resume=True)
    expected, got = load(whole.last), load(parts.last)
    assert expected.keys() == got.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(got[name], array)


def test_a_run_does_not_go_on_with_other_texts(finished: Finished, table: Path, tmp_path: Path) -> None:
    other = tmp_path / "reviews.tsv"
    other.write_text(table.read_text() + "\ngood\tone more")
    config = replace(config_of(finished.run), data=str(other))
    with pytest.raises(ValueError, match=r"the texts of .* are not those that .* was trained with"):
        train_classify(config, finished.run, resume=True)


# ------------------------------------------------------------ a trained model


def test_it_answers_without_the_data(finished: Finished) -> None:
    trained = load_trained_texts(finished.run)
    assert trained.classes == ("bad", "good")
    texts = ["The film was dull", "her music is a joy , really ."]  # of different length
    probabilities = trained.predict(texts)
    assert probabilities.argmax(1).tolist() == [0, 1]
    for text, row in zip(texts, probabilities, strict=True):  # who stands beside it changes nothing
        np.testing.assert_allclose(trained.predict([text])[0], row, rtol=1e-4)
    with pytest.raises(ValueError, match="text 2 is empty"):
        trained.predict(["it", " "])


def test_unknown_words_are_read_as_one_and_said(finished: Finished) -> None:
    trained = load_trained_texts(finished.run)
    assert (trained.what, trained.parts) == ("text", "words")
    assert trained.unknown(["The FILM is zauberhaft", "it isn't"]) == ["zauberhaft"]
    np.testing.assert_array_equal(*trained.predict(["it is zauberhaft", "it is xyz"]))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Isn't it", "is n't it"),
        ("They’re OK, it's Ann's", "they 're ok, it 's ann 's"),
        ("it 's n't", "it 's n't"),  # apart already
        ("an isnt 'til", "an isnt 'til"),
    ],
)
def test_contractions_are_read_apart(typed: str, read: str) -> None:
    assert tidy(typed, "words") == read
    assert tidy(typed, "chars") == typed


def test_long_texts_are_cut_and_every_text_has_an_id() -> None:
    tokenizer = Tokenizer.train("words", ["a b c d"])
    ids = encode(tokenizer, ["a b c d", "\N{SOFT HYPHEN}", "b"], max_length=3)
    assert [len(sequence) for sequence in ids] == [3, 1, 1]
    assert ids[1].tolist() == [tokenizer.unk_id]


def test_a_run_of_another_recipe_is_named(tmp_path: Path) -> None:
    run = Run.create(tmp_path, {})
    run.write_json("model.json", {"recipe": "names"})
    with pytest.raises(ValueError, match="was made by the recipe 'names': it does not tell texts apart"):
        load_trained_texts(run)


# ------------------------------------------------------------ the config


def test_defaults_depend_on_the_data() -> None:
    assert configure("languages") == ClassifyConfig(data="languages", tokens="bpe", min_frequency=8)
    assert configure("sst2", epochs=None).tokens == "words"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tokens": "letters"}, "no tokens is called 'letters': choose one of words, chars, bpe"),
        ({"max_length": 0}, "max_length must be at least 1, got 0"),
        ({"token_dropout": 1.0}, "token_dropout must be a share from 0 to below 1"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        configure("sst2", **options)
