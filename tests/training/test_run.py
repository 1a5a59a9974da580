"""Run directories: never overwritten, and every error says which file it is about."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from training.small_tasks import assert_same_numbers, small_model, small_training

from chainrule.layers import Linear
from chainrule.training import Adam, Progress, Run, fit, save


def test_the_config_comes_back(tmp_path: Path) -> None:
    config = {"data": "digits", "lr": 1e-3, "max_norm": None, "name": "Größe"}
    Run.create(tmp_path / "new" / "run", config)
    assert Run.open(tmp_path / "new" / "run").config == config


def test_a_run_is_never_overwritten(tmp_path: Path) -> None:
    Run.create(tmp_path, {"lr": 1})
    with pytest.raises(FileExistsError, match="holds a run already: go on with --resume, or choose another"):
        Run.create(tmp_path, {"lr": 2})
    assert Run.open(tmp_path).config == {"lr": 1}


def test_what_is_no_run_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no run directory: there is no config\.json in it"):
        Run.open(tmp_path)


def test_a_checkpoint_holds_weights_optimizer_and_progress(tmp_path: Path) -> None:
    arguments = small_training(epochs=2)
    run = Run(tmp_path)
    history = fit(**arguments, run=run)
    model = small_model(seed=9)
    optimizer = Adam(model.parameters())
    progress = run.load_checkpoint(model, optimizer)
    assert progress == Progress(epoch=2, step=14, history=history)
    assert_same_numbers(model.state_dict(), arguments["model"].state_dict())
    assert_same_numbers(optimizer.state_dict(), arguments["optimizer"].state_dict())


def test_the_weights_may_be_loaded_without_an_optimizer(tmp_path: Path) -> None:
    arguments = small_training(epochs=1)
    run = Run(tmp_path)
    fit(**arguments, run=run)
    model = small_model(seed=9)
    run.load_checkpoint(model)
    assert_same_numbers(model.state_dict(), arguments["model"].state_dict())


def test_there_may_be_no_checkpoint_yet(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="has no checkpoint yet"):
        Run.create(tmp_path, {}).load_checkpoint(small_model())


def test_weights_alone_are_no_checkpoint(tmp_path: Path) -> None:
    run = Run(tmp_path)
    save(small_model(), run.last)
    with pytest.raises(
        ValueError, match=r"last\.safetensors is no checkpoint: it says nothing about the progress"
    ):
        run.load_checkpoint(small_model())


def test_a_checkpoint_of_another_model_is_refused(tmp_path: Path) -> None:
    run = Run(tmp_path)
    fit(**small_training(epochs=1), run=run)
    with pytest.raises(KeyError, match="the state dict does not fit Linear"):
        run.load_checkpoint(Linear(3, 2))


@pytest.mark.parametrize("content", ["", '{"lr": 1', "[1, 2]", "\x00\x01"])
def test_damaged_small_files_are_named(content: str, tmp_path: Path) -> None:
    run = Run.create(tmp_path, {})
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(ValueError, match=r"config\.json is damaged"):
        run.config  # noqa: B018
    with pytest.raises(FileNotFoundError, match=r"there is no result\.json in"):
        run.read_json("result.json")


def test_runs_are_numbered(tmp_path: Path) -> None:
    Run.create(tmp_path / "cnn-digits-2", {})
    created = [Run.create_next(tmp_path, "cnn-digits", {"lr": lr}) for lr in (0.1, 0.2)]
    assert [run.path for run in created] == [tmp_path / "cnn-digits-1", tmp_path / "cnn-digits-3"]
    assert created[0].config == {"lr": 0.1}


def test_runs_that_begin_at_the_same_moment_get_directories_of_their_own(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda i: Run.create_next(tmp_path, "cnn", {"i": i}), range(8)))
    assert len({run.path for run in runs}) == 8
    assert [run.config["i"] for run in runs] == list(range(8))


def test_saving_leaves_only_files_of_known_names(tmp_path: Path) -> None:
    fit(**small_training(epochs=1), run=Run.create(tmp_path, {}))
    names = {"config.json", "metrics.jsonl", "best.safetensors", "last.safetensors"}
    assert {path.name for path in tmp_path.iterdir()} == names


def test_a_checkpoint_is_no_view_of_the_model(tmp_path: Path) -> None:
    arguments = small_training(epochs=1)
    run = Run(tmp_path)
    fit(**arguments, run=run)
    model = small_model(seed=9)
    run.load_checkpoint(model)
    next(iter(model.parameters())).data[...] = np.nan
    run.load_checkpoint(model)  # the file is as it was
    assert_same_numbers(model.state_dict(), arguments["model"].state_dict())
