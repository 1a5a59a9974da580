"""The mean of a run's last weights."""

from pathlib import Path

import numpy as np
import pytest
from training.small_tasks import small_training

from chainrule.training import Run, average_weights, fit, load, save


def test_the_mean_is_taken_name_by_name(tmp_path: Path) -> None:
    for i, (weight, count) in enumerate([([1.0, 2.0], 7), ([2.0, 4.0], 8), ([6.0, 0.0], 9)]):
        state = {"weight": np.array(weight, np.float32), "count": np.array(count)}
        save(state, tmp_path / f"{i}.safetensors")
    mean = average_weights([tmp_path / f"{i}.safetensors" for i in range(3)])
    assert mean["weight"].tolist() == [3.0, 2.0]
    assert mean["weight"].dtype == np.float32
    assert mean["count"] == 9  # a counter has no mean: the last


def test_weights_of_different_models_are_refused(tmp_path: Path) -> None:
    save({"weight": np.zeros(2)}, tmp_path / "a.safetensors")
    save({"weight": np.zeros(3)}, tmp_path / "b.safetensors")
    with pytest.raises(ValueError, match=r"b\.safetensors holds other weights than .*a\.safetensors"):
        average_weights([tmp_path / "a.safetensors", tmp_path / "b.safetensors"])
    with pytest.raises(ValueError, match="no checkpoints"):
        average_weights([])


def test_a_run_keeps_its_last_epochs_and_loads_their_mean(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", {})
    arguments = small_training(epochs=4)
    fit(**arguments, run=run, keep=3)
    assert [path.name for path in run.epochs_kept()] == [f"epoch-{i}.safetensors" for i in (2, 3, 4)]

    model = arguments["model"]
    name, last = next(iter(model.state_dict().items()))
    run.load_weights(model, "average")
    kept = [load(path)[name] for path in run.epochs_kept()]
    np.testing.assert_array_equal(kept[-1], last)
    np.testing.assert_allclose(model.state_dict()[name], np.mean(kept, axis=0), rtol=1e-6)


def test_a_run_without_kept_epochs_says_so(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", {})
    arguments = small_training(epochs=1)
    fit(**arguments, run=run)
    with pytest.raises(FileNotFoundError, match="it kept no epochs"):
        run.load_weights(arguments["model"], "average")
