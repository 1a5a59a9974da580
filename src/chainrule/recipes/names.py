"""`chainrule train names`: a recurrent network guesses where a name comes from. This file is the tutorial.

data      ->  names with labels; their characters as numbers; a part kept for validation
model     ->  embedding, GRU (or LSTM, or RNN) in both directions, its final state, linear
              (chainrule.models.RecurrentClassifier)
training  ->  names of about the same length side by side, filled up to the longest; cross-entropy, Adam
result    ->  the test names, looked at once, at the end: accuracy, and that of each class
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.data import CharVocabulary, NameDataset, NameSplits, RaggedBatches, load_names
from chainrule.data.names import FOLDER
from chainrule.functions.arrays import Array
from chainrule.layers import CrossEntropyLoss, manual_seed
from chainrule.models import RecurrentClassifier
from chainrule.models.cells import check_cell
from chainrule.training import Adam, Callback, CosineAnnealingLR, Run

from .configs import (
    check_counts,
    check_not_negative,
    check_positive,
    check_shares,
    lasting,
    new_config,
    read_config,
)
from .fitting import finish_classes, fit_experiment, write_description


@dataclass(frozen=True)
class NamesConfig:
    """Everything that determines a run. It is stored with the run, as config.json."""

    data: str = FOLDER  # or a folder of files LABEL.txt, or a table (.tsv, .csv)
    cell: str = "gru"  # rnn, lstm
    layers: int = 1
    hidden: int = 128
    bidirectional: bool = True
    embedding: int = 64
    dropout: float = 0.5
    # how much more rare classes weigh: 0 not at all, 1 in inverse proportion. With 0.4, about 5 points more
    # are found on average over the classes, and 1 point less of all names
    class_weights: float = 0.0
    epochs: int = 10
    batch_size: int = 64
    lr: float = 3e-3  # at the beginning; it falls along a cosine
    weight_decay: float = 0.0
    validation: float = 0.1  # this share of the training names is kept apart, to be looked at every epoch
    max_norm: float = 1.0  # gradients are clipped to it
    seed: int = 0


RARE = 2  # a character of fewer training names than this is read as the unknown one


def configure(data: str = FOLDER, **options: Any) -> NamesConfig:
    """The defaults, with the given options (those that are not None) instead."""
    if not Path(data).exists() and data != FOLDER:
        raise ValueError(
            f"{data!r} is neither {FOLDER} nor there: pass a folder with one file LABEL.txt for each label, "
            "or a table (.tsv, .csv) with the columns name and label"
        )
    config = new_config(NamesConfig, lasting(data, Path.exists), {}, options)
    check_cell(config.cell)
    check_counts(config, "layers", "hidden", "embedding", "epochs", "batch_size")
    check_positive(config, "lr", "max_norm")
    check_not_negative(config, "class_weights", "weight_decay")
    check_shares(config, "dropout", "validation")
    return config


def config_of(run: Run) -> NamesConfig:
    """The config that a run was started with. Raises ValueError if the file holds something else."""
    return read_config(run, NamesConfig)


@dataclass(frozen=True)
class NamesExperiment:
    """Data, model and all that stands between them, made from a config."""

    config: NamesConfig
    vocabulary: CharVocabulary
    train: RaggedBatches
    validation: RaggedBatches | None
    test: RaggedBatches
    classes: tuple[str, ...]
    fingerprint: str  # of all names: a run belongs to the names that it began with
    options: dict[str, Any]  # what it takes to build the model again
    model: RecurrentClassifier
    loss: CrossEntropyLoss


def prepare(config: NamesConfig) -> NamesExperiment:
    """Reads the names, splits and numbers them, and builds the model with its initial weights."""
    splits = load(config)
    training, held_out = splits.train, None
    if config.validation:
        training, held_out = splits.train.split(config.validation)
    vocabulary = frequent_characters(training.names)

    def batches(names: NameDataset, size: int) -> RaggedBatches:
        return RaggedBatches(
            [vocabulary.encode(name) for name in names.names], names.labels, size, config.seed
        )

    names = ("embedding", "hidden", "layers", "cell", "bidirectional", "dropout")
    sizes = {"vocabulary": len(vocabulary), "classes": len(training.classes)}
    options = {**sizes, **{name: getattr(config, name) for name in names}}
    manual_seed(config.seed)
    return NamesExperiment(
        config,
        vocabulary,
        train=batches(training, config.batch_size),
        validation=batches(held_out, 500) if held_out else None,
        test=batches(splits.test, 500),
        classes=training.classes,
        fingerprint=splits.fingerprint(),
        options=options,
        model=RecurrentClassifier(**options),
        loss=CrossEntropyLoss(class_weights(training.labels, len(training.classes), config.class_weights)),
    )


def load(config: NamesConfig) -> NameSplits:
    return load_names(None if config.data == FOLDER else config.data)


def frequent_characters(names: Iterable[str]) -> CharVocabulary:
    """The characters of at least two names, and an unknown one for all others.

    What only one name has is read as unknown, in training already: so the model learns what that means,
    before it meets a character that no name had.
    """
    counts = Counter(character for name in names for character in set(name))
    frequent = [character for character, count in counts.items() if count >= RARE]
    return CharVocabulary.of(frequent or counts, unknown=True)


def class_weights(labels: Array, classes: int, power: float) -> Array | None:
    """weight[c] = (samples / (classes · samples of c)) ** power; None for power 0."""
    if power == 0:
        return None
    counts = np.bincount(labels, minlength=classes)
    return np.asarray((len(labels) / (classes * counts)) ** power, np.float32)


def train_names(
    config: NamesConfig, run: Run, resume: bool = False, callbacks: Sequence[Callback] = ()
) -> dict[str, Any]:
    """Trains, evaluates on the test names, and leaves everything in the run's directory. Returns what
    result.json holds.
    """
    experiment = prepare(config)
    write_description(run, experiment, describe_model(experiment), check_same_data)
    history = fit_experiment(
        experiment,
        build_optimizer(config, experiment.model),
        CosineAnnealingLR(config.lr, config.epochs * len(experiment.train)),
        run,
        resume,
        callbacks,
        epochs=config.epochs,
    )
    result = finish_classes(experiment, run, history, "names")
    run.write_json("result.json", result)
    return result


def build_optimizer(config: NamesConfig, model: RecurrentClassifier) -> Adam:
    return Adam(list(model.parameters()), config.lr, weight_decay=config.weight_decay)


def check_same_data(experiment: NamesExperiment, run: Run) -> None:
    """Raises ValueError if the names have changed since: what the run learned from might then be tested."""
    if run.read_json("model.json").get("names") != experiment.fingerprint:
        raise ValueError(
            f"the names of {experiment.config.data} are not those that {run.path} was trained with: put them "
            "back, or train anew"
        )


def describe_model(experiment: NamesExperiment) -> dict[str, Any]:
    """What it takes to use the trained weights without the data: see `chainrule.recipes.trained_names`."""
    return {
        "recipe": "names",
        "model": "recurrent-classifier",
        "options": experiment.options,
        "vocabulary": experiment.vocabulary.to_json(),
        "classes": list(experiment.classes),
        "names": experiment.fingerprint,
    }
