"""The recipe of the convolutional network: a short run on the digits, and what can be done with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from chainrule.data import load_digits
from chainrule.layers import CrossEntropyLoss
from chainrule.recipes.cnn import CNNConfig, build_optimizer, config_of, configure, prepare, train_cnn
from chainrule.recipes.trained import load_trained
from chainrule.training import SGD, AdamW, Callback, Run, evaluate, load

pytest.importorskip("sklearn", reason="the digits come with scikit-learn: pip install 'chainrule[train]'")
pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install 'chainrule[train]'")

SHORT = configure("digits", epochs=2)


class Finished(NamedTuple):
    run: Run
    result: dict[str, Any]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Two epochs on the digits."""
    run = Run.create(tmp_path_factory.mktemp("runs") / "digits", asdict(SHORT))
    return Finished(run, train_cnn(SHORT, run))


@pytest.fixture
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes longer than such short trainings."""
    for name in ("learning_curves", "confusion_matrix", "worst_mistakes"):
        monkeypatch.setattr(f"chainrule.recipes.cnn.{name}", lambda *_: None)


# ------------------------------------------------------------ the config


def test_defaults_depend_on_the_data() -> None:
    assert configure() == configure("digits") == CNNConfig()
    assert (configure("mnist").model, configure("mnist").epochs, configure("mnist").batch_size) == (
        "keras",
        15,
        128,
    )
    assert configure("digits-last-half") == replace(CNNConfig(), data="digits-last-half")
    assert configure("some/folder").shift == 2


def test_a_model_may_have_defaults_of_its_own() -> None:
    config = configure("mnist", model="lstm")
    assert (config.lr, config.schedule, config.max_norm, config.normalize) == (3e-3, "cosine", 1, "standard")
    assert (config.batch_size, config.epochs) == (128, 15)  # those of the data
    assert configure("mnist", model="lstm", lr=0.1).lr == 0.1
    assert configure("mnist", model="small").max_norm is None


def test_options_win_over_defaults_unless_they_are_none() -> None:
    config = configure("mnist", epochs=3, lr=None, shift=0)
    assert (config.epochs, config.lr, config.shift) == (3, 1e-3, 0)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"model": "resnet"}, "no model is called 'resnet': choose one of small, keras"),
        ({"optimizer": "adma"}, "no optimizer is called 'adma': choose one of sgd, adam, adamw"),
        ({"schedule": "step"}, "no schedule is called 'step': choose one of cosine, constant"),
        ({"normalize": "max"}, "no normalize is called 'max': choose one of standard, unit"),
    ],
)
def test_unknown_names_are_answered_with_the_known_ones(option: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        configure("digits", **option)


def test_a_config_comes_back_from_its_run(finished: Finished, tmp_path: Path) -> None:
    assert config_of(finished.run) == SHORT
    with pytest.raises(ValueError, match=r"config\.json is no config of this recipe: .*'temperature'"):
        config_of(Run.create(tmp_path, {"temperature": 1.0}))


# ------------------------------------------------------------ what stands between data and model


def test_the_parts_of_the_data_do_not_overlap() -> None:
    experiment = prepare(SHORT)
    assert experiment.validation is not None
    parts = [experiment.train.inputs, experiment.validation.inputs, experiment.test.inputs]
    assert [len(part) for part in parts] == [1212, 135, 450]
    # normalized by the training images alone
    assert abs(float(parts[0].mean())) < 1e-4
    assert abs(float(parts[2].mean())) > 1e-4
    # 1797 images, hardly any of them twice
    assert len({image.tobytes() for part in parts for image in part}) > 1790


def test_no_validation_if_nothing_is_kept_for_it() -> None:
    experiment = prepare(replace(SHORT, validation=0.0))
    assert experiment.validation is None
    assert len(experiment.train.inputs) == 1347


def test_training_images_are_shifted_and_others_are_not() -> None:
    still, moving = (prepare(replace(SHORT, shift=pixels)) for pixels in (0, 2))
    (x, labels), (shifted, same_labels) = (next(iter(e.train.epoch(0))) for e in (still, moving))
    np.testing.assert_array_equal(labels, same_labels)
    assert (x != shifted).any((1, 2, 3)).sum() > len(x) / 2
    np.testing.assert_array_equal(still.test.inputs, moving.test.inputs)


def test_optimizers_are_made_as_the_config_says() -> None:
    model = prepare(SHORT).model
    sgd = build_optimizer(replace(SHORT, optimizer="sgd", lr=0.3, weight_decay=1e-4), model)
    assert isinstance(sgd, SGD)
    assert (sgd.lr, sgd.momentum, sgd.weight_decay) == (0.3, 0.9, 1e-4)
    assert isinstance(build_optimizer(replace(SHORT, optimizer="adamw"), model), AdamW)


def test_a_model_that_does_not_fit_the_images_is_refused_before_training() -> None:
    with pytest.raises(ValueError, match="LeNet-5 takes images of 28 x 28, got 8 x 8"):
        prepare(replace(SHORT, model="lenet5"))
    with pytest.raises(ValueError, match="images of 8 x 8 are too small for this model"):
        prepare(replace(SHORT, model="keras"))


# ------------------------------------------------------------ a whole run


@pytest.mark.usefixtures("without_pictures")
def test_digits_can_be_read_row_by_row(tmp_path: Path) -> None:
    config, run = configure("digits", model="lstm", epochs=6), Run(tmp_path / "run")
    assert train_cnn(config, run)["test_accuracy"] > 0.85


@pytest.mark.usefixtures("without_pictures")
def test_digits_can_be_read_patch_by_patch(tmp_path: Path) -> None:
    config, run = configure("digits", model="vit", epochs=8), Run(tmp_path / "run")
    assert train_cnn(config, run)["test_accuracy"] > 0.8


def test_two_epochs_teach_most_digits(finished: Finished) -> None:
    result = finished.result
    assert result["test_accuracy"] > 0.85
    assert 0 < result["test_loss"] < 1.2  # a guess would have ln 10 = 2.3
    assert result["parameters"] == 30_634
    assert result["test_images"] == 450
    assert (result["epochs"], result["steps"]) == (2, 2 * 38)  # 1212 images, 32 at a time
    assert result["seconds"] > 0
    assert 0.8 < result["best_validation_accuracy"] <= 1


def test_a_run_leaves_every_file(finished: Finished) -> None:
    run = finished.run
    assert {path.name for path in run.path.iterdir()} == {
        "config.json", "model.json", "metrics.jsonl", "last.safetensors", "best.safetensors", "result.json",
        "learning_curves.png", "confusion_matrix.png", "worst_mistakes.png",
    }  # fmt: skip
    assert run.read_json("result.json") == finished.result
    records = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    assert [record["epoch"] for record in records] == [1, 2]
    assert records[1]["train_loss"] < records[0]["train_loss"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in run.path.glob("*.png"))


def test_what_is_needed_to_use_the_model_without_the_data(finished: Finished) -> None:
    description = finished.run.read_json("model.json")
    assert description["options"] == {"in_channels": 1, "size": 8, "classes": 10}
    assert description["classes"] == list("0123456789")
    assert description["pixel_max"] == 16
    assert description["handwriting"]


def test_evaluated_again_the_figures_are_the_same(finished: Finished) -> None:
    trained = load_trained(finished.run)
    again = evaluate(trained.model, CrossEntropyLoss(), prepare(config_of(finished.run)).test)
    assert again.accuracy == finished.result["test_accuracy"]
    assert again.loss == finished.result["test_loss"]


def test_the_best_weights_can_be_had_too(finished: Finished) -> None:
    best = load_trained(finished.run, "best").model.state_dict()
    for name, array in load(finished.run.best).items():
        np.testing.assert_array_equal(best[name], array)
    with pytest.raises(ValueError, match="weights must be 'last', 'best' or 'average', got 'first'"):
        load_trained(finished.run, "first")


@pytest.mark.usefixtures("without_pictures")
def test_the_same_seed_gives_the_same_run_and_another_seed_another(tmp_path: Path) -> None:
    short = replace(SHORT, epochs=1)
    results = [
        train_cnn(replace(short, seed=seed), Run(tmp_path / f"{i}")) for i, seed in enumerate((3, 3, 4))
    ]
    first, again, other = ({k: v for k, v in result.items() if k != "seconds"} for result in results)
    assert first == again
    assert first["test_loss"] != other["test_loss"]
    weights = [load(Run(tmp_path / f"{i}").last) for i in range(2)]
    for name, array in weights[0].items():
        np.testing.assert_array_equal(weights[1][name], array)


@pytest.mark.usefixtures("without_pictures")
def test_a_run_that_stopped_before_its_first_checkpoint_begins_again(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", asdict(replace(SHORT, epochs=1)))

    class Crash(Callback):
        def on_step(self, *_: Any) -> None:
            raise MemoryError

    with pytest.raises(MemoryError):
        train_cnn(config_of(run), run, callbacks=[Crash()])
    assert train_cnn(config_of(run), run, resume=True)["steps"] == 38


# ------------------------------------------------------------ images of one's own


def black_on_white(image: np.ndarray) -> np.ndarray:
    return 255 - image


def white_on_black(image: np.ndarray) -> np.ndarray:
    return image


def pencil_on_gray_paper(image: np.ndarray) -> np.ndarray:
    return (200 - image * 0.5).astype(np.uint8)


@pytest.mark.parametrize("look", [black_on_white, white_on_black, pencil_on_gray_paper])
def test_images_of_digits_are_read_whatever_their_size_and_colors(
    look: Callable[[np.ndarray], np.ndarray], finished: Finished, tmp_path: Path
) -> None:
    pillow = pytest.importorskip("PIL.Image", reason="images need Pillow: pip install 'chainrule[train]'")
    test = load_digits().test
    paths, labels = [], test.labels[:40]
    for i in range(40):
        large = np.kron(test.images[i, 0], np.ones((12, 12)))  # 8 x 8 -> 96 x 96
        page = np.zeros((160, 130), np.uint8)  # the digit is not in the middle of it
        page[20:116, 25:121] = large * 255 / 16
        paths.append(tmp_path / f"{i}.png")
        pillow.fromarray(look(page)).save(paths[-1])
    probabilities = load_trained(finished.run).predict(paths)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)
    assert (probabilities.argmax(1) == labels).mean() > 0.7


def test_an_empty_page_is_no_digit(finished: Finished, tmp_path: Path) -> None:
    pillow = pytest.importorskip("PIL.Image", reason="images need Pillow: pip install 'chainrule[train]'")
    pillow.fromarray(np.full((30, 20), 255, np.uint8)).save(tmp_path / "empty.png")
    with pytest.raises(ValueError, match=r"empty\.png: there is nothing on this image: all pixels are equal"):
        load_trained(finished.run).predict([tmp_path / "empty.png"])


@pytest.mark.usefixtures("without_pictures")
def test_a_folder_of_color_images_is_learned_by_the_same_recipe(tmp_path: Path) -> None:
    pillow = pytest.importorskip("PIL.Image", reason="images need Pillow: pip install 'chainrule[train]'")
    rng = np.random.default_rng(0)
    for channel, name in enumerate(("red", "green", "blue")):
        (tmp_path / "colors" / name).mkdir(parents=True)
        for i in range(16):
            image = rng.integers(0, 120, (9, 11, 3)).astype(np.uint8)
            image[..., channel] += 120
            pillow.fromarray(image).save(tmp_path / "colors" / name / f"{i}.png")
    config = configure(str(tmp_path / "colors"), epochs=4, size=10, batch_size=8)
    run = Run(tmp_path / "run")
    assert train_cnn(config, run)["test_accuracy"] > 0.9
    trained = load_trained(run)
    assert trained.classes == ("blue", "green", "red")
    assert not trained.handwriting
    (probabilities,) = trained.predict([tmp_path / "colors" / "green" / "3.png"])
    assert trained.classes[probabilities.argmax()] == "green"
