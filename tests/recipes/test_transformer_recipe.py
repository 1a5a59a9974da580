"""The recipe of the Transformer: a short run on easy sentences, and what it leaves behind."""

from __future__ import annotations

import csv
import signal
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from recipes.word_pairs import write_pairs

from chainrule.models import Seq2SeqTransformer
from chainrule.recipes.transformer import (
    TransformerConfig,
    build_optimizer,
    build_schedule,
    config_of,
    configure,
    figures_of_test,
    prepare,
    train_transformer,
)
from chainrule.recipes.translator import load_translator
from chainrule.training import Callback, Interrupted, Progress, Run, StepResult

for package in ("matplotlib", "tokenizers", "sacrebleu"):
    pytest.importorskip(package, reason=f"the recipe needs {package}: pip install 'chainrule[train]'")


class Finished(NamedTuple):
    config: TransformerConfig
    run: Run
    result: dict[str, Any]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pairs(tmp_path_factory.mktemp("pairs") / "words.tsv")


@pytest.fixture(scope="module")
def finished(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    config = configure(
        str(table), tokens="words", layers=1, d_model=32, heads=2, dim_feedforward=32, dropout=0.0,
        epochs=30, max_tokens=160, lr=0.01, warmup=10, average=2, beam=2, threads=1,
    )  # fmt: skip
    run = Run.create(tmp_path_factory.mktemp("runs") / "words", asdict(config))
    return Finished(config, run, train_transformer(config, run))


def test_it_translates_what_it_never_saw(finished: Finished) -> None:
    assert finished.result["exact_match"] > 0.9
    assert finished.result["chrf"] > 90  # BLEU counts four words in a row: of three, it is 0
    assert finished.result["test_loss"] < 0.5
    translator = load_translator(finished.run)
    assert not translator.model.training
    assert translator.translate(["three old tree"])[0].text == "alt Baum 3"


def test_the_run_holds_the_curve_the_pictures_and_all_translations(finished: Finished) -> None:
    assert finished.run.read_json("result.json") == finished.result
    assert (finished.run.path / "learning_curves.png").stat().st_size > 1000
    with (finished.run.path / "translations.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, dialect="excel-tab"))
    assert len(rows) == finished.result["test_pairs"]
    right = np.mean([row["translation"] == row["reference"] for row in rows])
    assert right == pytest.approx(finished.result["exact_match"])
    metrics = (finished.run.path / "metrics.jsonl").read_text().splitlines()
    assert len(metrics) == 30
    assert "validation_exact_match" in metrics[0]


def test_the_result_belongs_to_the_mean_of_the_last_weights(finished: Finished) -> None:
    assert finished.result["weights"] == "average"
    assert len(finished.run.epochs_kept()) == 2
    experiment = prepare(finished.config)
    experiment.model.load_state_dict(load_translator(finished.run).model.state_dict())
    again = figures_of_test(experiment)
    assert again["test_loss"] == pytest.approx(finished.result["test_loss"], rel=1e-5)
    assert again["bleu"] == pytest.approx(finished.result["bleu"])
    with pytest.raises(ValueError, match="weights must be"):
        load_translator(finished.run, "newest")


def test_a_run_belongs_to_its_pairs(finished: Finished, tmp_path: Path) -> None:
    other = tmp_path / "other.tsv"
    other.write_text("".join(f"word {i}\tWort {i}\n" for i in range(60)), encoding="utf-8")
    with pytest.raises(ValueError, match=r"other\.tsv are not those that .* was trained with"):
        train_transformer(replace(finished.config, data=str(other)), finished.run, resume=True)


def test_a_tokenizer_of_another_run_is_noticed(finished: Finished, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", {})
    description = finished.run.read_json("model.json")
    run.write_json("model.json", description)
    tokenizer = finished.run.read_json("tokenizer.json")
    run.write_json("tokenizer.json", tokenizer | {"vocabulary": tokenizer["vocabulary"][:-1]})
    with pytest.raises(ValueError, match="they do not belong together"):
        load_translator(run)
    run.write_json("model.json", {"model": "lenet5"})
    with pytest.raises(ValueError, match="holds a 'lenet5' model, which does not translate"):
        load_translator(run)


def test_pairs_that_are_too_long_are_left_out_and_counted(tmp_path: Path) -> None:
    table = tmp_path / "long.tsv"
    lines = [f"word {i}\tWort {i}\n" for i in range(60)] + [
        f"{'long ' * 300}{i}\tlang {i}\n" for i in range(60)
    ]
    table.write_text("".join(lines), encoding="utf-8")
    experiment = prepare(configure(str(table), tokens="words", layers=1, d_model=8, heads=1))
    assert 40 < experiment.left_out <= 60  # the others are for validation and testing
    assert experiment.train.source_lengths.max() == 3  # two words and the end


def test_the_published_recipe_is_built_as_published() -> None:
    """Wu et al. 2021, by fairseq: 2,000 steps of warm-up from 1e-7, Adam with 0.9, 0.98 and 1e-8."""
    wu = configure(preset="wu2021")
    schedule = build_schedule(wu, steps_per_epoch=57)
    assert schedule(0) == pytest.approx(1e-7, rel=0.5, abs=3e-6)
    assert np.argmax([schedule(step) for step in range(8000)]) in (1999, 2000)
    assert schedule(8000) == pytest.approx(wu.lr * (2000 / 8000) ** 0.5, rel=1e-3)
    options: dict[str, Any] = {
        "source_vocabulary": 5,
        "target_vocabulary": 5,
        "d_model": 4,
        "nhead": 1,
        "dim_feedforward": 4,
    }
    adam = build_optimizer(wu, Seq2SeqTransformer(**options, num_encoder_layers=1, num_decoder_layers=1))
    assert (adam.betas, adam.eps) == ((0.9, 0.98), 1e-8)


def test_the_schedules_rise_first() -> None:
    config = configure("dates", lr=0.01, warmup=50, epochs=2)
    for name in ("linear", "cosine", "inverse-sqrt"):
        schedule = build_schedule(replace(config, schedule=name), steps_per_epoch=200)
        rates = [schedule(step) for step in range(400)]
        assert 40 < np.argmax(rates) < 60
        assert max(rates) == pytest.approx(0.01, rel=0.15)
        assert rates[0] < 0.001
        assert rates[-1] < (0.004 if name == "inverse-sqrt" else 0.0001)


def test_presets_and_options() -> None:
    wu = configure("multi30k-bpe", preset="wu2021", seed=3)
    assert (wu.tokens, wu.dropout, wu.schedule, wu.max_tokens, wu.seed) == (
        "pieces",
        0.3,
        "inverse-sqrt",
        8192,
        3,
    )
    assert configure("multi30k-bpe", preset="wu2021", dropout=0.1).dropout == 0.1
    assert configure(preset="wu2021").data == "multi30k-bpe"
    assert configure("dates", preset="wu2021").data == configure().data == "dates"
    with pytest.raises(ValueError, match="no preset is called 'wu2020': there is wu2021"):
        configure("multi30k-bpe", preset="wu2020")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"norm": "middle"}, "norm"),
        ({"schedule": "step"}, "schedule"),
        ({"layers": 0}, "layers must be at least 1, got 0"),
        ({"lr": -1.0}, "lr must be a number > 0"),
        ({"label_smoothing": 1.0}, "label_smoothing must be a share"),
        ({"average": -1}, "average must be a number >= 0"),
        ({"patience": 0}, "patience must be at least 1"),
        ({"threads": -1}, "threads must be a number >= 0"),
        ({"heads": 3}, "cannot be dealt out to 3 heads"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        configure("dates", **options)


def test_the_config_of_another_recipe_is_refused(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", {"model": "lenet5"})
    with pytest.raises(ValueError, match=r"config\.json is no config of this recipe"):
        config_of(run)


def test_a_stopped_run_ends_as_if_it_had_never_stopped(finished: Finished, tmp_path: Path) -> None:
    """With the weights of the last epochs averaged, and patience counted."""

    class Stop(Callback):
        def on_step(self, progress: Progress, result: StepResult) -> None:
            if progress.step == 30:
                signal.raise_signal(signal.SIGINT)

    config = replace(finished.config, epochs=9, patience=8)
    once, twice = Run.create(tmp_path / "once", {}), Run.create(tmp_path / "twice", {})
    expected = train_transformer(config, once)
    with pytest.raises(Interrupted):
        train_transformer(config, twice, callbacks=[Stop()])
    result = train_transformer(config, twice, resume=True)
    assert {k: v for k, v in result.items() if k != "seconds"} == {
        k: v for k, v in expected.items() if k != "seconds"
    }


def test_what_was_cut_into_pieces_is_joined_in_the_table(tmp_path: Path) -> None:
    table = tmp_path / "pieces.tsv"
    numbers = ["one", "two", "three", "four", "five", "six", "seven"]
    lines = [f"ca@@ t {a} {b}\tKa@@ tze {a} {b}\n" for a in numbers for b in numbers]
    table.write_text("".join(lines), encoding="utf-8")
    run = Run.create(tmp_path / "run", {})
    config = configure(
        str(table), tokens="pieces", layers=1, d_model=8, heads=1, dim_feedforward=8, epochs=1, max_tokens=64
    )
    train_transformer(config, run)
    with (run.path / "translations.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, dialect="excel-tab"))
    assert all(row["source"].startswith("cat ") and row["reference"].startswith("Katze ") for row in rows)
