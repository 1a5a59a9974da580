"""`chainrule train classify`: a Transformer learns to tell texts apart. This file is the tutorial.

data      ->  texts with labels; their words, or characters, as numbers; a part kept for validation
model     ->  embedding, layers of self-attention, the mean over all positions, linear
              (chainrule.models.TransformerClassifier)
training  ->  texts of about the same length side by side, filled up to the longest; some words are hidden, so
              that no single one decides; cross-entropy, AdamW
result    ->  the test texts, looked at once, at the end: accuracy, and that of each class
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.data import LabeledTexts, RaggedBatches, Tokenizer, drop_tokens, load_text_classes
from chainrule.data.array_batches import Augment
from chainrule.functions.arrays import Array
from chainrule.layers import CrossEntropyLoss, manual_seed
from chainrule.models import TransformerClassifier
from chainrule.training import AdamW, Callback, CosineAnnealingLR, Run, WarmUp
from chainrule.training.sharding import usual_threads

from .configs import (
    check_choice,
    check_counts,
    check_heads,
    check_not_negative,
    check_positive,
    check_shares,
    lasting,
    new_config,
    read_config,
)
from .fitting import finish_classes, fit_experiment, write_description
from .trained_texts import encode, tidy


@dataclass(frozen=True)
class ClassifyConfig:
    """Everything that determines a run. It is stored with the run, as config.json."""

    data: str = "languages"  # sst2, or a table (.tsv, .csv) with the columns label and text
    tokens: str = "words"  # chars, bpe
    min_frequency: int = 2  # rarer ones are read as unknown, or in smaller pieces (bpe)
    max_length: int = 256  # tokens; the rest of a text is not read
    layers: int = 2
    heads: int = 4
    d_model: int = 64
    dropout: float = 0.3
    token_dropout: float = 0.1  # this share of the tokens is hidden, others in every epoch
    epochs: int = 10
    batch_size: int = 64
    lr: float = 2e-3  # at the beginning, after a warm-up; it falls along a cosine
    weight_decay: float = 0.01  # of matrices
    validation: float = 0.1  # this share of the texts is kept apart, to be looked at every epoch
    max_norm: float = 1.0  # gradients are clipped to it
    threads: int = 0  # each takes a part of the batch; 0: one per core where that is faster
    seed: int = 0


# what a data set is trained with unless told otherwise
DEFAULTS: dict[str, dict[str, Any]] = {
    "languages": {"tokens": "bpe", "min_frequency": 8},
    # more epochs learn the phrases by heart
    "sst2": {"layers": 3, "epochs": 2, "batch_size": 128, "lr": 1.5e-3},
}
WARM_UP = 100  # steps
EVALUATION_TEXTS = 100  # at once


def configure(data: str = "languages", **options: Any) -> ClassifyConfig:
    """The defaults of this data, with the given options (those that are not None) instead."""
    data = lasting(data)
    config = new_config(ClassifyConfig, data, DEFAULTS.get(data, {}), options)
    check_choice(config, "tokens", ("words", "chars", "bpe"))
    check_counts(config, "min_frequency", "max_length", "layers", "heads", "d_model", "epochs", "batch_size")
    check_heads(config)
    check_positive(config, "lr", "max_norm")
    check_not_negative(config, "weight_decay", "threads")
    check_shares(config, "dropout", "token_dropout", "validation")
    return config


def config_of(run: Run) -> ClassifyConfig:
    """The config that a run was started with. Raises ValueError if the file holds something else."""
    return read_config(run, ClassifyConfig)


@dataclass(frozen=True)
class ClassifyExperiment:
    """Data, model and all that stands between them, made from a config."""

    config: ClassifyConfig
    tokenizer: Tokenizer
    train: RaggedBatches
    validation: RaggedBatches | None
    test: RaggedBatches
    classes: tuple[str, ...]
    fingerprint: str  # of all texts: a run belongs to the texts that it began with
    options: dict[str, Any]  # what it takes to build the model again
    model: TransformerClassifier
    loss: CrossEntropyLoss


def prepare(config: ClassifyConfig) -> ClassifyExperiment:
    """Reads the texts, splits and numbers them, and builds the model with its initial weights."""
    splits = load_text_classes(config.data, config.validation)
    texts = [tidy(text, config.tokens) for text in splits.train.texts]
    tokenizer = Tokenizer.train(config.tokens, texts, min_frequency=config.min_frequency)

    def hide(ids: Array, step: int) -> Array:
        return drop_tokens(ids, config.token_dropout, tokenizer.unk_id, config.seed, step)

    def batches(part: LabeledTexts, size: int, augment: Augment | None = None) -> RaggedBatches:
        ids = encode(tokenizer, part.texts, config.max_length)
        return RaggedBatches(ids, part.labels, size, config.seed, augment)

    options: dict[str, Any] = {
        "vocabulary": len(tokenizer),
        "classes": len(splits.train.classes),
        "d_model": config.d_model,
        "nhead": config.heads,
        "num_layers": config.layers,
        "dropout": config.dropout,
    }
    manual_seed(config.seed)
    return ClassifyExperiment(
        config,
        tokenizer,
        train=batches(splits.train, config.batch_size, hide if config.token_dropout else None),
        validation=batches(splits.validation, EVALUATION_TEXTS) if splits.validation else None,
        test=batches(splits.test, EVALUATION_TEXTS),
        classes=splits.train.classes,
        fingerprint=splits.fingerprint(),
        options=options,
        model=TransformerClassifier(**options),
        loss=CrossEntropyLoss(),
    )


def train_classify(
    config: ClassifyConfig, run: Run, resume: bool = False, callbacks: Sequence[Callback] = ()
) -> dict[str, Any]:
    """Trains, evaluates on the test texts, and leaves everything in the run's directory. Returns what
    result.json holds.
    """
    experiment = prepare(config)
    write_description(run, experiment, describe_model(experiment), check_same_data)
    steps = config.epochs * len(experiment.train)
    warm_up = max(1, min(WARM_UP, steps // 10))
    history = fit_experiment(
        experiment,
        build_optimizer(config, experiment.model),
        WarmUp(CosineAnnealingLR(config.lr, steps), warm_up, start_factor=1 / warm_up),
        run,
        resume,
        callbacks,
        epochs=config.epochs,
        threads=config.threads or usual_threads(config.batch_size),
    )
    result = finish_classes(experiment, run, history, "texts")
    run.write_json("result.json", result)
    return result


def build_optimizer(config: ClassifyConfig, model: TransformerClassifier) -> AdamW:
    return AdamW(list(model.parameters()), config.lr, weight_decay=config.weight_decay, matrices_only=True)


def check_same_data(experiment: ClassifyExperiment, run: Run) -> None:
    """Raises ValueError if the texts have changed since: what the run learned from might then be tested."""
    if run.read_json("model.json").get("texts") != experiment.fingerprint:
        raise ValueError(
            f"the texts of {experiment.config.data} are not those that {run.path} was trained with (those of "
            "languages are others for every version of Babel): put them back, or train anew"
        )


def describe_model(experiment: ClassifyExperiment) -> dict[str, Any]:
    """What it takes to use the trained weights without the data: see `chainrule.recipes.trained_texts`."""
    return {
        "recipe": "classify",
        "model": "transformer-classifier",
        "options": experiment.options,
        "tokenizer": experiment.tokenizer.to_json(),
        "max_length": experiment.config.max_length,
        "classes": list(experiment.classes),
        "texts": experiment.fingerprint,
    }
