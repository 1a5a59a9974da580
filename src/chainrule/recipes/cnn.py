"""`chainrule train cnn`: a convolutional network learns to tell images apart. This file is the tutorial.

data      ->  normalize, keep a part of the training images for validation, shift them a little
model     ->  a few convolutions (chainrule.models)
training  ->  cross-entropy, Adam, a learning rate that falls along a cosine (chainrule.training)
result    ->  the test images, looked at once, at the end
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule.data import (
    ArrayBatches,
    ImageDataset,
    Normalization,
    load_images,
    random_shift,
    stratified_split,
)
from chainrule.functions.arrays import Array
from chainrule.layers import CrossEntropyLoss, Layer, manual_seed
from chainrule.models import MODELS, build
from chainrule.training import (
    OPTIMIZERS,
    SGD,
    Callback,
    ConstantLR,
    CosineAnnealingLR,
    Optimizer,
    Record,
    Run,
    evaluate,
)
from chainrule.training.pictures import confusion_matrix, learning_curves, worst_mistakes

from .configs import check_choice, check_not_negative, lasting, new_config, read_config
from .fitting import figures_of_training, fit_experiment, write_description


@dataclass(frozen=True)
class CNNConfig:
    """Everything that determines a run. It is stored with the run, as config.json."""

    data: str = "digits"  # digits, digits-last-half, mnist, fashion-mnist, or a folder of images
    size: int | None = None  # folders: images are resized to size x size
    model: str = "small"
    epochs: int = 60
    batch_size: int = 32
    lr: float = 2e-3
    optimizer: str = "adam"
    weight_decay: float = 0.0
    schedule: str = "cosine"  # or "constant"
    shift: int = 1  # augmentation: up to so many pixels in each direction
    normalize: str = "standard"  # (pixel - mean) / std per channel; or "unit": 0 to 1
    validation: float = (
        0.1  # this share of the training images is kept apart, to be looked at after every epoch
    )
    label_smoothing: float = 0.0
    max_norm: float | None = None
    seed: int = 0


NORMALIZATIONS = {"standard": Normalization.standard, "unit": Normalization.unit}
SCHEDULES = ("cosine", "constant")

# which defaults a data set has; all others are folders of images
FAMILIES = {
    "digits": "digits",
    "digits-last-half": "digits",
    "mnist": "mnist",
    "fashion-mnist": "fashion-mnist",
}
# what a data set is trained with unless told otherwise
DEFAULTS: dict[str, dict[str, Any]] = {
    "digits": {},
    # the recipe of the Keras example
    "mnist": {
        "model": "keras",
        "epochs": 15,
        "batch_size": 128,
        "lr": 1e-3,
        "schedule": "constant",
        "shift": 0,
        "normalize": "unit",
    },
    "fashion-mnist": {"model": "fashion", "epochs": 20, "batch_size": 128, "lr": 2e-3, "shift": 1},
    "folder": {"epochs": 30, "shift": 2},
}
# what a model needs beyond that, whatever the data
MODEL_DEFAULTS: dict[str, dict[str, Any]] = {
    # gradients come back through as many steps as an image has rows; MNIST needs no more than --epochs 10
    "lstm": {
        "lr": 3e-3,
        "schedule": "cosine",
        "shift": 1,
        "normalize": "standard",
        "max_norm": 1.0,
    },
}


def configure(data: str = "digits", **options: Any) -> CNNConfig:
    """The defaults of this data set and model, with the given options (those that are not None) instead."""
    family = FAMILIES.get(data, "folder")
    model_defaults = MODEL_DEFAULTS.get(options.get("model") or "", {})
    data = lasting(data, Path.is_dir)
    config = new_config(CNNConfig, data, DEFAULTS[family] | model_defaults, options)
    known: dict[str, Collection[str]] = {
        "model": MODELS,
        "optimizer": OPTIMIZERS,
        "schedule": SCHEDULES,
        "normalize": NORMALIZATIONS,
    }
    for name, choices in known.items():
        check_choice(config, name, choices)
    check_not_negative(
        config, "lr", "weight_decay", "validation", "label_smoothing", "max_norm", "seed", "shift"
    )
    if config.max_norm == 0:
        raise ValueError("max_norm must be > 0: at 0 no gradient would be left")
    return config


def config_of(run: Run) -> CNNConfig:
    """The config that a run was started with. Raises ValueError if the file holds something else."""
    return read_config(run, CNNConfig)


@dataclass(frozen=True)
class Experiment:
    """Data, model and all that stands between them, made from a config."""

    config: CNNConfig
    normalization: Normalization
    train: ArrayBatches
    validation: ArrayBatches | None
    test: ArrayBatches
    test_images: ImageDataset
    fingerprint: str  # of all images: a run belongs to the images that it began with
    model: Layer
    loss: CrossEntropyLoss

    @property
    def classes(self) -> tuple[str, ...]:
        return self.test_images.classes


def prepare(config: CNNConfig) -> Experiment:
    """Reads the data, splits and normalizes it, and builds the model with its initial weights."""
    splits = load_images(config.data, size=config.size)
    train_images, test_images = splits
    training, held_out = hold_out(train_images, config.validation)
    normalization = NORMALIZATIONS[config.normalize](training.images)

    def shift(images: Array, step: int) -> Array:
        return random_shift(images, config.shift, config.seed, step, fill=normalization.black)

    def in_order(dataset: ImageDataset) -> ArrayBatches:
        return ArrayBatches(normalization.apply(dataset.images), dataset.labels, batch_size=500)

    return Experiment(
        config,
        normalization,
        train=ArrayBatches(
            normalization.apply(training.images),
            training.labels,
            config.batch_size,
            config.seed,
            augment=shift if config.shift else None,
        ),
        validation=in_order(held_out) if held_out else None,
        test=in_order(test_images),
        test_images=test_images,
        fingerprint=splits.fingerprint(),
        model=build_model(config, training),
        loss=CrossEntropyLoss(label_smoothing=config.label_smoothing),
    )


def hold_out(dataset: ImageDataset, fraction: float) -> tuple[ImageDataset, ImageDataset | None]:
    """The images to learn from, and those for validation: a fixed share of every class, none if fraction is
    0.
    """
    if fraction == 0:
        return dataset, None
    training, validation = stratified_split(dataset.labels, fraction)
    return dataset.subset(training), dataset.subset(validation)


def build_model(config: CNNConfig, dataset: ImageDataset) -> Layer:
    """The model that config names, for images like these; the seed determines its initial weights."""
    _, channels, height, width = dataset.images.shape
    if height != width:
        raise ValueError(
            f"the models take square images, these are {height} x {width}: pass --size to resize them"
        )
    manual_seed(config.seed)
    return build(config.model, in_channels=channels, size=height, classes=len(dataset.classes))


def train_cnn(
    config: CNNConfig, run: Run, resume: bool = False, callbacks: Sequence[Callback] = ()
) -> dict[str, Any]:
    """Trains, evaluates on the test images, and leaves everything in the run's directory. Returns what
    result.json holds.
    """
    experiment = prepare(config)
    write_description(run, experiment, describe_model(experiment), check_same_data)
    steps = config.epochs * len(experiment.train)
    schedule = CosineAnnealingLR(config.lr, steps) if config.schedule == "cosine" else ConstantLR(config.lr)
    optimizer = build_optimizer(config, experiment.model)
    history = fit_experiment(experiment, optimizer, schedule, run, resume, callbacks, epochs=config.epochs)
    result = finish(experiment, run, history)
    run.write_json("result.json", result)
    return result


def build_optimizer(config: CNNConfig, model: Layer) -> Optimizer:
    """The optimizer that config names; SGD with the usual momentum."""
    parameters = list(model.parameters())
    if config.optimizer == "sgd":
        return SGD(parameters, config.lr, momentum=0.9, weight_decay=config.weight_decay)
    return OPTIMIZERS[config.optimizer](parameters, config.lr, weight_decay=config.weight_decay)


def finish(experiment: Experiment, run: Run, history: list[Record]) -> dict[str, Any]:
    """The test images, seen for the first time: figures and pictures."""
    test = evaluate(experiment.model, CrossEntropyLoss(), experiment.test)
    classes = experiment.classes
    learning_curves(history, run.path / "learning_curves.png")
    confusion_matrix(test, classes, run.path / "confusion_matrix.png")
    worst_mistakes(test, experiment.test_images.images, classes, run.path / "worst_mistakes.png")
    return {
        "test_accuracy": test.accuracy,
        "test_loss": test.loss,
        "test_images": len(test.labels),
        **figures_of_training(experiment.model, history),
    }


def check_same_data(experiment: Experiment, run: Run) -> None:
    """Raises ValueError if the images have changed since: what the run learned from might then be tested."""
    if run.read_json("model.json").get("images", experiment.fingerprint) != experiment.fingerprint:
        raise ValueError(
            f"the images of {experiment.config.data} are not those that {run.path} was trained with: "
            "put them back, or train anew"
        )


def describe_model(experiment: Experiment) -> dict[str, Any]:
    """What it takes to use the trained weights without the data: see `chainrule.recipes.trained`."""
    images = experiment.test_images
    _, channels, height, _ = images.images.shape
    return {
        "recipe": "cnn",
        "model": experiment.config.model,
        "options": {"in_channels": channels, "size": height, "classes": len(images.classes)},
        "classes": list(images.classes),
        "images": experiment.fingerprint,
        "normalization": experiment.normalization.to_json(),
        "pixel_max": 255.0 if images.images.dtype.kind == "u" else float(images.images.max()),
        "handwriting": FAMILIES.get(experiment.config.data) in ("digits", "mnist"),
    }
