"""What the commands say about Transformers that translate."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from commands.calling import chainrule, refused, said
from recipes.word_pairs import write_pairs
from typer.testing import CliRunner

from chainrule.cli import app
from chainrule.training import NonFiniteError, Run

for package in ("matplotlib", "tokenizers", "sacrebleu"):
    pytest.importorskip(package, reason=f"the recipe needs {package}: pip install 'chainrule[train]'")

SMALL = [
    "--tokens", "words", "--layers", 1, "--heads", 2, "--d-model", 16, "--dim-feedforward", 16,
    "--dropout", 0, "--epochs", 12, "--max-tokens", 160, "--lr", 0.02, "--warmup", 5, "--beam", 2,
    "--threads", 1,
]  # fmt: skip


@pytest.fixture(scope="module")
def translator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on word pairs, made by the command line."""
    folder = tmp_path_factory.mktemp("pairs")
    run = folder / "run"
    output = said("train", "transformer", "--data", write_pairs(folder / "words.tsv"), "--run", run, *SMALL)
    assert re.search(r"epoch +12/12 loss \S+ accuracy \S+ \| validation \S+ exact match \S+ \|", output)
    assert re.search(r"source +reference +translation", output)
    assert re.search(r"exact match \S+% of 7 test pairs, BLEU \S+, chrF \S+, test loss", output)
    assert f"chainrule translate {run}" in " ".join(output.split())
    return run


def test_options_end_up_in_the_config(translator: Path) -> None:
    config = Run.open(translator).config
    assert (config["tokens"], config["layers"], config["d_model"], config["beam"]) == ("words", 1, 16, 2)


def test_translate_prints_one_line_per_text(translator: Path) -> None:
    lines = said("translate", translator, "two red cat", "one old tree").splitlines()
    assert len(lines) == 2
    assert lines == [said("translate", translator, text).strip() for text in ("two red cat", "one old tree")]
    piped = CliRunner().invoke(app, ["translate", str(translator)], input="two red cat\none old tree\n")
    assert piped.output.splitlines() == lines


def test_translate_says_what_it_does_not_know(translator: Path) -> None:
    assert "hardly met, read as unknown: zebra" in said("translate", translator, "two red zebra")
    assert "hardly met, read as unknown: U+200B" in said("translate", translator, "two red \u200b")


def test_translate_gives_several(translator: Path) -> None:
    (row,) = json.loads(said("translate", translator, "two red cat", "--n", 3, "--json"))
    scores = [translation["score"] for translation in row["translations"]]
    assert row["source"] == "two red cat"
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    plain = said("translate", translator, "two red cat", "--n", 3).splitlines()
    assert plain[0] == row["translations"][0]["text"]
    assert plain[1].strip().startswith(row["translations"][1]["text"])


def test_attention_is_drawn_in_the_terminal_and_as_a_picture(translator: Path, tmp_path: Path) -> None:
    output = said("translate", translator, "two red cat", "--attention", "--out", tmp_path / "pictures")
    assert re.search(r"two +red +cat +</s>", output)
    assert any(shade in output for shade in "░▒▓█")
    assert (tmp_path / "pictures" / "attention-1.png").stat().st_size > 1000


def test_evaluate_repeats_the_figures_of_the_training(translator: Path) -> None:
    result = Run.open(translator).read_json("result.json")
    output = " ".join(said("evaluate", translator).split())
    assert f"exact match {result['exact_match']:.2%} of {result['test_pairs']} test pairs" in output
    assert f"test loss {result['test_loss']:.4f} nats per token" in output


def test_summary_and_trace_know_the_recipe(translator: Path) -> None:
    output = said("summary", translator)
    assert "decoder.layers.0.multihead_attn" in output
    assert "trace of Seq2SeqTransformer: input 13×4, 13×4, 13, 13, loss" in said("trace", translator)
    assert chainrule("results", translator).exit_code == 0


def test_a_finished_run_can_be_asked_to_go_on(translator: Path) -> None:
    assert "training had finished already" in said("train", "transformer", "--resume", "--run", translator)
    assert "leave --preset out" in refused(
        "train", "transformer", "--resume", "--run", translator, "--preset", "wu2021"
    )


def test_runs_of_other_kinds_are_refused(translator: Path, tmp_path: Path) -> None:
    assert "which writes no text" in refused("generate", translator)
    assert "chainrule translate" in refused("predict", translator, "two red cat")
    run = Run.create(tmp_path / "run", {})
    run.write_json("model.json", {"recipe": "cnn", "model": "lenet5"})
    assert "holds a 'lenet5' model, which does not translate" in refused("translate", run.path, "two")


def test_what_cannot_be_trained_leaves_no_run(tmp_path: Path) -> None:
    run = tmp_path / "run"
    refused("train", "transformer", "--data", tmp_path / "nothing.tsv", "--run", run)
    (tmp_path / "a.tsv").write_text("one\teins\ntwo\n")
    assert "a.tsv, line 2" in refused("train", "transformer", "--data", tmp_path / "a.tsv", "--run", run)
    assert not run.exists()


def test_texts_are_read_however_they_were_typed(translator: Path) -> None:
    expected = said("translate", translator, "two red tree")
    for text in ("two red tree\r\n", " two\tred   tree ", "\ufefftwo red\u00a0tree", "two red\ntree"):
        assert said("translate", translator, text) == expected
    piped = CliRunner().invoke(
        app, ["translate", str(translator)], input="two red tree\r\n\r\ntwo red tree\r\n"
    )
    assert piped.output.splitlines() == [expected.strip(), "", expected.strip()]
    assert said("translate", translator, "  ") == "\n"


def test_a_text_that_is_too_long(translator: Path) -> None:
    words = " ".join(["red"] * 9)
    assert "has 9 tokens, and training had at most 3" in " ".join(
        said("translate", translator, words).split()
    )
    message = refused("translate", translator, "two red cat", "red " * 4097)
    assert "text 2 has 4,097 tokens" in message
    assert "cut it into sentences" in message


def test_translations_can_be_drawn(translator: Path) -> None:
    options = ["--temperature", 3, "--top-k", 5]
    drawn = {said("translate", translator, "two red cat", *options, "--seed", seed) for seed in range(6)}
    assert len(drawn) > 1
    assert said("translate", translator, "two red cat", *options, "--seed", 5) in drawn
    assert said("translate", translator, "two red cat", "--temperature", 0) == said(
        "translate", translator, "two red cat", "--beam", 1
    )
    assert "one translation of each text is drawn" in refused(
        "translate", translator, "two", "--top-p", 0.9, "--n", 2
    )
    assert "--beam 2 finds at most 2" in refused("translate", translator, "two", "--n", 3, "--beam", 2)


def test_a_damaged_description_is_named(translator: Path, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", {})
    description = Run.open(translator).read_json("model.json")
    del description["beam"]
    run.write_json("model.json", description)
    assert "model.json is damaged, or of another version: no beam" in refused("translate", run.path, "two")


def test_a_training_that_fails_at_once_leaves_no_run(tmp_path: Path) -> None:
    run = tmp_path / "run"
    data = write_pairs(tmp_path / "words.tsv")
    failed = chainrule("train", "transformer", "--data", data, "--run", run, *SMALL, "--lr", 1e30)
    assert isinstance(failed.exception, NonFiniteError)
    assert not run.exists()
