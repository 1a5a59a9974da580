"""What the commands say about runs of names, and of text: predict, evaluate, summary, results, trace."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from commands.calling import chainrule, refused, said
from recipes.name_lists import write_name_lists

from chainrule.training import Run

pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install 'chainrule[train]'")
pytest.importorskip("sklearn", reason="the confusion matrix needs it: pip install 'chainrule[train]'")

NAMES = ["--hidden", 10, "--embedding", 6, "--batch-size", 8, "--lr", 0.02, "--epochs", 5, "--cell", "gru"]
TEXT = ["--hidden", 8, "--layers", 2, "--dropout", 0.1, "--batch-size", 4, "--time", 12, "--epochs", 1]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on made-up names, made by the command line."""
    folder = tmp_path_factory.mktemp("names")
    data = write_name_lists(folder / "languages")
    output = said("train", "names", "--data", data, "--run", folder / "run", *NAMES)
    assert "gru on " in output
    assert re.search(r"epoch +5/5 loss \d\.\d{4} accuracy \d+\.\d\d% \| validation", output)
    assert re.search(r"test accuracy \S+ \(\d+ of 24 names wrong\), on average \S+ of each class", output)
    assert f"next: chainrule evaluate {folder / 'run'}    chainrule predict {folder / 'run'} NAME" in output
    return folder / "run"


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on a small text, made by the command line."""
    folder = tmp_path_factory.mktemp("text")
    (folder / "text.txt").write_text("".join(f"line {i}: so it goes on.\n" for i in range(120)))
    said("train", "rnn", "--data", folder / "text.txt", "--run", folder / "run", *TEXT)
    return folder / "run"


# ------------------------------------------------------------ train names


def test_options_end_up_in_the_config(tmp_path: Path) -> None:
    data = write_name_lists(tmp_path / "languages")
    options = ["--forward", "--class-weights", 0.5, "--dropout", 0, "--epochs", 1, "--validation", 0]
    said("train", "names", "--data", data, "--run", tmp_path / "run", *options)
    config = Run.open(tmp_path / "run").config
    assert (config["bidirectional"], config["class_weights"], config["validation"]) == (False, 0.5, 0)
    assert "best_validation_accuracy" not in Run.open(tmp_path / "run").read_json("result.json")


def test_a_finished_run_can_be_asked_to_go_on(names: Path) -> None:
    assert "training had finished already" in said("train", "names", "--resume", "--run", names)
    assert "cannot change cell=rnn (the run has gru)" in refused(
        "train", "names", "--resume", "--run", names, "--cell", "rnn"
    )


def test_where_names_are_missing_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pooch", reason="downloads need pooch")
    monkeypatch.delenv("CHAINRULE_DATA", raising=False)
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("chainrule.data.names.MIRROR", "http://127.0.0.1:9/")
    message = refused("train", "names", "--run", tmp_path / "run")
    assert "Arabic.txt could not be downloaded" in message
    assert "set CHAINRULE_DATA to a folder with names-by-language/Arabic.txt in it" in message
    assert not (tmp_path / "run").exists(), "a run that never began is in the way of the next one"


# ------------------------------------------------------------ predict


def test_predict_names(names: Path) -> None:
    output = said("predict", names, "Kakikü", "Umelol")
    lines = [line.split() for line in output.splitlines()]
    assert lines[0] == ["name", "is", "or", "or"]
    assert [line[:2] for line in lines[1:]] == [["Kakikü", "Kiva"], ["Umelol", "Olm"]]
    assert len(re.findall(r"\(\d+\.\d%\)", output)) == 2 * 3


def test_predict_names_as_json(names: Path) -> None:
    content = json.loads(said("predict", names, "Kakikü", "--json", "--weights", "best"))
    assert list(content) == ["Kakikü"]
    assert list(content["Kakikü"]) == ["Kiva", "Olm", "Zett"]
    assert sum(content["Kakikü"].values()) == pytest.approx(1, abs=1e-5)


def test_characters_that_training_did_not_meet_are_said(names: Path) -> None:
    assert "hardly met, read as unknown: ж q" in said("predict", names, "Kaжi", "qKa")
    assert "unknown" not in said("predict", names, "Kaki")
    result = chainrule("predict", names, "Kaжi", "--json")
    assert list(json.loads(result.stdout)) == ["Kaжi"]  # what a program reads is JSON and nothing else
    assert "hardly met, read as unknown: ж" in result.stderr


def test_names_need_no_data_and_may_have_square_brackets(names: Path, tmp_path: Path) -> None:
    for name in ("config.json", "model.json", "last.safetensors"):
        (tmp_path / name).write_bytes((names / name).read_bytes())
    (tmp_path / "config.json").write_text("{}")  # where the names were is not asked
    assert "ka[/b]" in said("predict", tmp_path, "ka[/b]")


def test_a_run_that_writes_text_has_no_classes(text: Path) -> None:
    assert refused("predict", text, "Kaki") == (
        f"{text} writes text and has no classes to choose from: chainrule generate {text} --prompt ..."
    )


def test_a_recipe_of_the_future_is_named(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", {})
    run.write_json("model.json", {"recipe": "chess"})
    for command in (["predict", run.path, "e4"], ["evaluate", run.path], ["summary", run.path]):
        message = "was made by the recipe 'chess': this version knows cnn, rnn, names, lm, classify"
        assert message in refused(*command)


# ------------------------------------------------------------ evaluate


def test_evaluate_names(names: Path) -> None:
    result = Run.open(names).read_json("result.json")
    output = said("evaluate", names)
    assert re.search(r"class +names +found +precision", output)
    assert len(re.findall(r"^ (Kiva|Olm|Zett) +8 ", output, re.MULTILINE)) == 3
    assert f"test accuracy {result['test_accuracy']:.2%}" in output
    assert f"on average {result['balanced_accuracy']:.2%} of each class found" in output


def test_evaluate_text(text: Path) -> None:
    result = Run.open(text).read_json("result.json")
    output = said("evaluate", text)
    assert f"test loss {result['test_loss']:.4f} nats per character" in output
    assert f"({result['bits_per_character']:.3f} bits" in output
    assert f"over {result['test_characters']:,} characters" in output


# ------------------------------------------------------------ summary


def test_summary_of_names(names: Path) -> None:
    output = said("summary", names, "--batch-size", 2, "--time", 5)
    assert re.search(r"encoder\.rnn +GRU +2 x 5 x 20 ", output)
    assert "input 2 x 5;" in output


def test_summary_of_text(text: Path) -> None:
    output = said("summary", text)
    # two layers: 4 gates of 8 read 64 or 8 numbers and 8 of the state; two biases each
    parameters = 4 * 8 * (64 + 8 + 2) + 4 * 8 * (8 + 8 + 2)
    products = 12 * (4 * 8 * (64 + 8) + 4 * 8 * (8 + 8))
    assert re.search(rf"rnn +LSTM +1 x 12 x 8 +{parameters:,} +{products:,}", output)
    assert re.search(r"rnn\.dropout +Dropout +1 x 12 x 8", output)


# ------------------------------------------------------------ results


def test_results_show_what_all_runs_have(names: Path, text: Path) -> None:
    def columns(*runs: Path) -> str:
        return re.sub(r"\s+", " ", said("results", *runs).partition(str(runs[0])[:8])[0])

    assert "balanced" in columns(names, names)
    assert "perplexity" in columns(text)
    both = columns(names, text)
    assert "test loss" in both
    assert "accuracy" not in both
    assert "perplexity" not in both


# ------------------------------------------------------------ trace


def test_trace_names(names: Path) -> None:
    content = json.loads(said("trace", names, "--json"))
    last = content["lines"][-1]
    assert (last["phase"], last["path"]) == ("backward", "embedding")
    assert 1e-4 < last["ratio"] < 1


def test_trace_text(text: Path) -> None:
    """Its model returns (logits, state), and takes (dlogits, dstate) back."""
    content = json.loads(said("trace", text, "--json"))
    assert content["error"] is None
    paths = [line["path"] for line in content["lines"] if line["phase"] == "backward"]
    assert paths == ["loss", "", "decoder", "dropout", "rnn", "rnn.dropout", "embedding"]
    assert 1e-4 < content["lines"][-1]["ratio"] < 1
