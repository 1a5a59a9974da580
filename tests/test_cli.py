"""The command line: what a person types, what comes back, and the exit code. Errors are one message."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from chainrule import __version__, cli
from chainrule.training import Callback, Display, Progress, Run, StepResult, load

pytest.importorskip("sklearn", reason="the digits come with scikit-learn: pip install 'chainrule[train]'")
pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install 'chainrule[train]'")
pillow = pytest.importorskip("PIL.Image", reason="images need Pillow: pip install 'chainrule[train]'")


class Answer(NamedTuple):
    code: int
    out: str
    err: str


def chainrule(*arguments: object) -> Answer:
    """Runs `chainrule ARGUMENTS` in this process."""
    out, err = io.StringIO(), io.StringIO()
    before = sys.argv
    sys.argv = ["chainrule", *map(str, arguments)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            cli.main()
        code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(bool(stop.code))
    finally:
        sys.argv = before
    return Answer(code, out.getvalue(), err.getvalue())


def assert_refused(answer: Answer, message: str) -> None:
    """Exit code 1, one line on stderr, and no traceback."""
    assert answer.code == 1, answer
    lines = answer.err.strip().splitlines()
    assert len(lines) == 1, answer.err
    assert re.search(message, lines[0]), f"{message!r} is not in {lines[0]!r}"
    assert lines[0].startswith("error: ")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one epoch on the digits, made by the command line."""
    run = tmp_path_factory.mktemp("runs") / "digits"
    answer = chainrule("train", "cnn", "--epochs", 1, "--run", run)
    assert answer.code == 0, answer.err
    assert re.search(r"epoch +1/1 loss \d\.\d{4} accuracy \d+\.\d\d% \| validation", answer.out)
    assert re.search(
        r"test accuracy \d+\.\d\d% \(\d+ of 450 images wrong\), test loss .*, 30,634 parameters", answer.out
    )
    assert f"next: chainrule evaluate {run}    chainrule predict {run} IMAGE..." in answer.out
    return run


@pytest.fixture
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("learning_curves", "confusion_matrix", "worst_mistakes"):
        monkeypatch.setattr(f"chainrule.recipes.cnn.{name}", lambda *_: None)


@pytest.fixture
def seven(tmp_path: Path) -> Path:
    """A seven, black on white."""
    page = np.full((60, 40), 255, np.uint8)
    page[10:16, 8:32] = 0
    for row in range(16, 50):
        column = 30 - (row - 16) // 2
        page[row, column - 5 : column + 1] = 0
    pillow.fromarray(page).save(tmp_path / "seven.png")
    return tmp_path / "seven.png"


# ------------------------------------------------------------ help


def test_help_lists_the_commands() -> None:
    answer = chainrule("--help")
    assert answer.code == 0
    for command in ("train", "predict", "evaluate", "summary", "lab"):
        assert re.search(rf"\b{command}\b", answer.out)
    assert "--shift" in chainrule("train", "cnn", "-h").out


def test_version() -> None:
    assert chainrule("--version") == Answer(0, f"chainrule {__version__}\n", "")


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["train", "cnn", "--epochs", "0"], ["train", "cnn", "--nonsense"]]
)
def test_what_is_typed_wrong_has_exit_code_2(arguments: list[str]) -> None:
    answer = chainrule(*arguments)
    assert answer.code == 2
    assert "Traceback" not in answer.err


# ------------------------------------------------------------ training


@pytest.mark.usefixtures("without_pictures")
def test_options_end_up_in_the_config(tmp_path: Path) -> None:
    options = [
        "--epochs",
        1,
        "--optimizer",
        "sgd",
        "--lr",
        0.05,
        "--batch-size",
        100,
        "--shift",
        0,
        "--seed",
        4,
    ]
    assert chainrule("train", "cnn", "--run", tmp_path / "run", *options).code == 0
    config = Run.open(tmp_path / "run").config
    assert (config["optimizer"], config["lr"], config["batch_size"], config["seed"]) == ("sgd", 0.05, 100, 4)
    assert config["model"] == "small"  # a default


@pytest.mark.usefixtures("without_pictures")
def test_runs_are_numbered_in_a_folder_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = ["--epochs", 1, "--batch-size", 400]
    assert "→ runs/cnn-digits-1" in chainrule("train", "cnn", *options).out
    assert (
        "→ runs/cnn-digits-last-half-1"
        in chainrule("train", "cnn", "--data", "digits-last-half", *options).out
    )
    assert "→ runs/cnn-digits-2" in chainrule("train", "cnn", *options).out
    assert_refused(
        chainrule("train", "cnn", "--resume"), "there is no unfinished cnn run in runs/: name one with --run"
    )


def test_an_existing_run_is_refused(trained: Path) -> None:
    before = load(trained / "last.safetensors")
    assert_refused(chainrule("train", "cnn", "--run", trained), "holds a run already: go on with --resume")
    for name, array in load(trained / "last.safetensors").items():
        np.testing.assert_array_equal(array, before[name])


class StopAt(Display):
    """Presses Ctrl-C after the fifth step."""

    def on_step(self, progress: Progress, result: StepResult) -> None:
        super().on_step(progress, result)
        if progress.step == 5:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.usefixtures("without_pictures")
def test_ctrl_c_saves_and_resume_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ["--epochs", 1, "--batch-size", 100]
    assert chainrule("train", "cnn", "--run", tmp_path / "whole", *options).code == 0
    with monkeypatch.context() as patch:
        patch.setattr("chainrule.training.Display", StopAt)
        answer = chainrule("train", "cnn", "--run", tmp_path / "parts", *options)
    assert answer.code == 130
    assert "stopped after step 5, in epoch 1 of 1; everything is saved." in answer.out
    assert f"chainrule train cnn --resume --run {tmp_path / 'parts'}" in answer.out

    answer = chainrule("train", "cnn", "--resume", "--run", tmp_path / "parts")
    assert answer.code == 0
    assert "going on after step 5 (epoch 1)" in answer.out
    whole, parts = (load(tmp_path / name / "last.safetensors") for name in ("whole", "parts"))
    for name, array in whole.items():
        np.testing.assert_array_equal(parts[name], array)


def test_resume_cannot_change_options(trained: Path) -> None:
    answer = chainrule("train", "cnn", "--resume", "--run", trained, "--lr", 0.5, "--epochs", 1)
    assert_refused(answer, r"cannot change lr=0\.5 \(the run has 0\.002\)$")  # epochs are the same


def test_only_runs_can_be_resumed(tmp_path: Path) -> None:
    assert_refused(
        chainrule("train", "cnn", "--resume", "--run", tmp_path),
        r"no run directory: there is no config\.json",
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--data", "nonsense"], r"'nonsense' is neither a data set \(digits, .*\) nor a folder of images"),
        (["--model", "resnet"], "no model is called 'resnet'"),
        (["--model", "keras"], "images of 8 x 8 are too small for this model"),
        (["--lr", "-1"], "lr must be a number >= 0, got -1"),
        (["--size", "12"], "the images of digits have their own size"),
        (["--shift", "8"], "a shift must be from 0 to less than the image's size"),
    ],
)
def test_what_cannot_be_trained_is_refused(options: list[str], message: str, tmp_path: Path) -> None:
    assert_refused(chainrule("train", "cnn", "--run", tmp_path / "run", *options), message)
    if "--shift" not in options:  # that is noticed at the first batch
        assert not (tmp_path / "run").exists(), "a run that never began is in the way of the next one"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy warns of the overflow, too
def test_an_exploding_training_says_where(tmp_path: Path) -> None:
    answer = chainrule("train", "cnn", "--run", tmp_path / "run", "--optimizer", "sgd", "--lr", 1e15)
    assert_refused(answer, r"(the output of layer|the parameter|the gradient of) \S+")


# ------------------------------------------------------------ a trained model


def test_predict(trained: Path, seven: Path) -> None:
    answer = chainrule("predict", trained, seven, seven)
    assert answer.code == 0
    assert len(re.findall(r"\d \(\d+\.\d%\)", answer.out)) == 2 * 3  # three guesses for each image


def test_predict_as_json(trained: Path, seven: Path) -> None:
    answer = chainrule("predict", trained, seven, "--json")
    assert answer.code == 0
    ((path, probabilities),) = json.loads(answer.out).items()
    assert path == str(seven)
    assert list(probabilities) == list("0123456789")
    assert sum(probabilities.values()) == pytest.approx(1, abs=1e-5)


def test_evaluate_repeats_the_figures_of_the_training(trained: Path) -> None:
    result = Run.open(trained).read_json("result.json")
    answer = chainrule("evaluate", trained)
    assert answer.code == 0
    assert f"test accuracy {result['test_accuracy']:.2%}" in answer.out
    assert f"of 450 wrong), test loss {result['test_loss']:.4f}" in answer.out
    assert (
        len(re.findall(r"^ \d +4\d ", answer.out, re.MULTILINE)) == 10
    )  # a line per class, each with 40-odd images
    assert chainrule("evaluate", trained, "--weights", "best").code == 0


@pytest.mark.parametrize("count", [1, 3])
def test_results_stand_side_by_side(count: int, trained: Path, tmp_path: Path) -> None:
    runs = [Run.create(tmp_path / f"run{i}", {}) for i in range(count)]
    for i, run in enumerate(runs):
        run.write_json(
            "result.json", Run.open(trained).read_json("result.json") | {"test_accuracy": 0.9 + 0.02 * i}
        )
    answer = chainrule("results", *(run.path for run in runs))
    assert answer.code == 0
    assert "90.00%" in answer.out
    assert "30,634" in answer.out
    if count == 3:
        assert re.search(r"mean +92\.00%", answer.out)
        assert re.search(r"deviation +2\.00%", answer.out)
    assert_refused(
        chainrule("results", Run.create(tmp_path / "unfinished", {}).path), r"there is no result\.json in"
    )


def test_summary(trained: Path) -> None:
    answer = chainrule("summary", trained, "--batch-size", 3)
    assert answer.code == 0
    assert "3 x 32 x 8 x 8" in answer.out
    assert "30,634 parameters" in answer.out


@pytest.mark.parametrize("command", ["predict", "evaluate", "summary"])
def test_a_missing_run_is_named(command: str, tmp_path: Path) -> None:
    images = [tmp_path / "a.png"] if command == "predict" else []
    assert_refused(
        chainrule(command, tmp_path / "none", *images),
        r"none is no run directory: there is no config\.json in it",
    )


def test_missing_and_foreign_images_are_named(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no image")
    assert_refused(chainrule("predict", trained, tmp_path / "none.png"), r"there is no image .*none\.png")
    assert_refused(chainrule("predict", trained, tmp_path / "text.png"), r"text\.png is no image")
    assert_refused(
        chainrule("evaluate", trained, "--weights", "first"),
        "weights must be 'last', 'best' or 'average', got 'first'",
    )


def test_names_in_square_brackets_are_names_and_no_colors(trained: Path, seven: Path, tmp_path: Path) -> None:
    # rich takes [bold] and [/b] for instructions
    (tmp_path / "a[bold]").mkdir()
    strange = tmp_path / "a[bold]" / "c[red].png"
    strange.write_bytes(seven.read_bytes())
    printed = chainrule("predict", trained, strange).out
    assert "[bold]/c[red].png" in re.sub(
        r"\s|\d \(\d+\.\d%\)", "", printed
    )  # a long path goes over several lines
    assert_refused(chainrule("predict", trained, "a[/b].png"), r"there is no image a\[/b\]\.png")


def test_damaged_files_are_named(trained: Path, tmp_path: Path) -> None:
    for name in ("config.json", "model.json", "last.safetensors"):
        (tmp_path / name).write_bytes((trained / name).read_bytes())
    (tmp_path / "last.safetensors").write_bytes((trained / "last.safetensors").read_bytes()[:-1])
    assert_refused(chainrule("summary", tmp_path), r"last\.safetensors is truncated")
    (tmp_path / "config.json").write_text('{"temperature": 1}')
    assert_refused(
        chainrule("train", "cnn", "--resume", "--run", tmp_path), r"config\.json is no config of this recipe"
    )
    (tmp_path / "model.json").write_text("{")
    assert_refused(chainrule("summary", tmp_path), r"model\.json is damaged")


def test_debugging_shows_where_an_error_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINRULE_DEBUG", "1")
    with pytest.raises(FileNotFoundError, match="no run directory"):
        chainrule("summary", tmp_path)


def test_it_runs_as_a_program_of_its_own(tmp_path: Path) -> None:
    environment: dict[str, Any] = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    command = [sys.executable, "-m", "chainrule.cli", "summary", str(tmp_path)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert_refused(Answer(ended.returncode, ended.stdout, ended.stderr), "no run directory")
    assert ended.stdout == ""


def test_the_display_is_a_callback_like_any_other() -> None:
    assert issubclass(Display, Callback)


def test_warmup_compiles_all_twins(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    from chainrule import kernels

    answer = chainrule("warmup")
    assert answer.code == 0, answer.err
    assert "all twins are ready" in answer.out
    assert re.search(r"^lstm +\d+\.\d s$", answer.out, re.MULTILINE)
    monkeypatch.setattr(kernels, "compiler_is_installed", lambda: False)
    assert_refused(chainrule("warmup"), "there is no compiler, so plain NumPy runs everywhere")
