"""What the commands say about Transformers that write, and that tell texts apart."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from commands.calling import chainrule, refused, said
from recipes.labeled_reviews import write_reviews

from chainrule.training import Run

pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install 'chainrule[train]'")
pytest.importorskip("sklearn", reason="the confusion matrix needs it: pip install 'chainrule[train]'")
pytest.importorskip("tokenizers", reason="texts are cut by it: pip install 'chainrule[train]'")

SMALL = ["--layers", 1, "--heads", 2, "--d-model", 8, "--batch-size", 8, "--threads", 1]
WRITER = [*SMALL, "--context", 12, "--iterations", 4, "--positions", "rotary", "--dropout", 0.1]
READER = [*SMALL, "--epochs", 2, "--lr", 0.02]


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on a small text, made by the command line."""
    folder = tmp_path_factory.mktemp("text")
    (folder / "text.txt").write_text("".join(f"line {i}: so it goes on.\n" for i in range(80)))
    output = said("train", "lm", "--data", folder / "text.txt", "--run", folder / "run", *WRITER)
    assert "Transformer of 1 layers, 4 iterations on " in output
    assert re.search(r"epoch +1/1 loss \d\.\d{4} accuracy \S+ \| validation \d\.\d{4} \|", output)
    assert output.count("a sample") == 2
    assert re.search(r"test loss \d\.\d{4} nats per character \(\d\.\d{3} bits, perplexity", output)
    assert f'next: chainrule generate {folder / "run"} --prompt "e"' in output
    return folder / "run"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on made-up reviews, made by the command line."""
    folder = tmp_path_factory.mktemp("reviews")
    data = write_reviews(folder / "reviews.tsv")
    output = said("train", "classify", "--data", data, "--run", folder / "run", *READER)
    assert "Transformer of 1 layers, on the words of " in output
    assert re.search(r"test accuracy \S+ \(\d+ of 12 texts wrong\), on average \S+ of each class", output)
    assert f'chainrule predict {folder / "run"} "..."' in output
    return folder / "run"


def test_options_end_up_in_the_config(writer: Path, reader: Path) -> None:
    config = Run.open(writer).config
    assert (config["layers"], config["heads"], config["d_model"], config["context"]) == (1, 2, 8, 12)
    assert (config["iterations"], config["positions"], config["dropout"]) == (4, "rotary", 0.1)
    assert Run.open(reader).config["lr"] == 0.02


def test_finished_runs_can_be_asked_to_go_on(writer: Path, reader: Path) -> None:
    assert "training had finished already" in said("train", "lm", "--resume", "--run", writer)
    assert "training had finished already" in said("train", "classify", "--resume", "--run", reader)
    assert "cannot change iterations=8 (the run has 4)" in refused(
        "train", "lm", "--resume", "--run", writer, "--iterations", 8
    )


def test_what_cannot_be_trained_leaves_no_run(tmp_path: Path) -> None:
    run = tmp_path / "run"
    message = refused("train", "lm", "--heads", 3, "--run", run)
    assert "d_model 128 cannot be dealt out to 3 heads" in message
    assert "is neither a data set (languages, sst2) nor a table (.tsv, .csv)" in refused(
        "train", "classify", "--data", "reviews", "--run", run
    )
    (tmp_path / "a.tsv").write_text("good\tnice\nbad\n")
    assert "a.tsv, line 2: expected 2 columns, label and text" in refused(
        "train", "classify", "--data", tmp_path / "a.tsv", "--run", run
    )
    assert not run.exists()


def test_generate_writes_beyond_the_context(writer: Path) -> None:
    written = said("generate", writer, "--prompt", "line 7", "--count", 30, "--seed", 1)
    assert written.startswith("line 7")
    assert len(written) == 6 + 30 + 1
    assert written == said("generate", writer, "--prompt", "line 7", "--count", 30, "--seed", 1)
    assert "'€' (U+20AC, EURO SIGN) in line 1, column 1 is not among" in refused(
        "generate", writer, "--prompt", "€"
    )


def test_a_run_that_tells_texts_apart_writes_none(reader: Path) -> None:
    assert "holds a 'transformer-classifier' model, which writes no text" in refused("generate", reader)


def test_predict_texts(reader: Path) -> None:
    output = said("predict", reader, "a gorgeous film", "It isn't great")
    assert [line.split()[0] for line in output.splitlines()[:3]] == ["text", "a", "It"]
    assert len(re.findall(r"(good|bad) \(\d+\.\d%\)", output)) == 2 * 2
    assert "words that training hardly met, read as unknown: gorgeous" in output

    result = chainrule("predict", reader, "a gorgeous film", "--json")
    (probabilities,) = json.loads(result.stdout).values()
    assert list(probabilities) == ["bad", "good"]
    assert sum(probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert "read as unknown: gorgeous" in result.stderr


def test_predict_asks_for_classes(writer: Path) -> None:
    assert "writes text and has no classes to choose from: chainrule generate" in refused(
        "predict", writer, "it"
    )


def test_evaluate_repeats_the_figures_of_the_training(writer: Path, reader: Path) -> None:
    result = Run.open(writer).read_json("result.json")
    output = said("evaluate", writer)
    assert f"test loss {result['test_loss']:.4f} nats per character" in output
    assert f"over {result['test_characters']:,} characters" in output
    result = Run.open(reader).read_json("result.json")
    output = said("evaluate", reader, "--weights", "last")
    assert f"test accuracy {result['test_accuracy']:.2%}" in output
    assert re.search(r"class +texts +found +precision", output)


def test_summary(writer: Path, reader: Path) -> None:
    assert "input 1 x 12;" in said("summary", writer)
    output = said("summary", reader, "--batch-size", 2, "--time", 5)
    assert "input 2 x 5;" in output
    assert re.search(r"output +Linear +2 x 2 ", output)


def test_results_stand_side_by_side(writer: Path, reader: Path) -> None:
    assert "perplexity" in said("results", writer, writer)
    assert "balanced" in said("results", reader, reader)


@pytest.mark.parametrize("kind", ["writer", "reader"])
def test_trace(kind: str, request: pytest.FixtureRequest) -> None:
    content = json.loads(said("trace", request.getfixturevalue(kind), "--json"))
    assert content["error"] is None
    last = content["lines"][-1]
    assert (last["phase"], last["path"]) == ("backward", "input.embedding")
    assert 0 < last["ratio"] < 1
