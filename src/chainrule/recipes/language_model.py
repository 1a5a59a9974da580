"""`chainrule train lm`: a Transformer learns to write. This file is the tutorial.

data        ->  a text, its characters as numbers; the first 90 % to learn from
model       ->  embedding, layers of causal self-attention, linear: a small GPT
                (chainrule.models.TransformerLM)
training    ->  windows of the text, drawn at random; at every place the next character is to be predicted
evaluation  ->  the whole validation part, each character predicted once, in windows side by side: the first
                of a window from nothing but the one before it, the last from as many as the context holds
result      ->  nats per character on the test part, and samples. There, windows overlap by half, so that
                each character is predicted from at least half a context, as it is when the model writes
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.data import CharVocabulary, Text, TextWindows, WindowsInOrder, load_text
from chainrule.layers import CrossEntropyLoss, manual_seed
from chainrule.models import TransformerLM
from chainrule.models.token_embedding import POSITIONS
from chainrule.training import AdamW, Callback, CosineAnnealingLR, Run, WarmUp, mean_loss
from chainrule.training.pictures import learning_curves
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
from .fitting import figures_of_training, fit_experiment, write_description
from .writers import check_same_data, figures_of_text


@dataclass(frozen=True)
class LMConfig:
    """Everything that determines a run. It is stored with the run, as config.json."""

    data: str = "python-docs"  # tinyshakespeare, or a text file
    layers: int = 4
    heads: int = 4
    d_model: int = 128
    context: int = 64  # characters of a window: so far back the model looks
    positions: str = "learned"  # sinusoidal, rotary, none
    dropout: float = 0.0
    iterations: int = 1000  # steps of training
    batch_size: int = 12  # windows
    lr: float = 1e-3  # at the beginning, after a warm-up; it falls to a tenth along a cosine
    weight_decay: float = 0.1  # of matrices
    max_norm: float = 1.0  # gradients are clipped to it
    threads: int = 0  # each takes a part of the batch; 0: one per core where that is faster
    seed: int = 0


# what a data set is trained with unless told otherwise
DEFAULTS: dict[str, dict[str, Any]] = {
    # the setting for a CPU in the README of nanoGPT (Karpathy 2022)
    "tinyshakespeare": {"iterations": 2000},
}
WARM_UP = 100  # steps, of at least ten times as many
EPOCH = 250  # steps, then the validation part is looked at and a checkpoint written
EVALUATION_WINDOWS = 16  # at once


def configure(data: str = "python-docs", **options: Any) -> LMConfig:
    """The defaults of this text, with the given options (those that are not None) instead."""
    data = lasting(data)
    config = new_config(LMConfig, data, DEFAULTS.get(data, {}), options)
    check_choice(config, "positions", POSITIONS)
    check_counts(config, "layers", "heads", "d_model", "context", "iterations", "batch_size")
    check_heads(config)
    check_positive(config, "lr", "max_norm")
    check_not_negative(config, "weight_decay", "threads")
    check_shares(config, "dropout")
    return config


def config_of(run: Run) -> LMConfig:
    """The config that a run was started with. Raises ValueError if the file holds something else."""
    return read_config(run, LMConfig)


@dataclass(frozen=True)
class LMExperiment:
    """Text, model and all that stands between them, made from a config."""

    config: LMConfig
    text: Text
    vocabulary: CharVocabulary
    train: TextWindows
    validation: WindowsInOrder
    test: WindowsInOrder
    options: dict[str, Any]  # what it takes to build the model again
    model: TransformerLM
    loss: CrossEntropyLoss


def prepare(config: LMConfig) -> LMExperiment:
    """Reads the text, splits and numbers it, and builds the model with its initial weights."""
    text = load_text(config.data)
    vocabulary = CharVocabulary.of(text.whole)
    ids = text.encode(vocabulary)
    options: dict[str, Any] = {
        "vocabulary": len(vocabulary),
        "context": config.context,
        "d_model": config.d_model,
        "nhead": config.heads,
        "num_layers": config.layers,
        "dropout": config.dropout,
        "positions": config.positions,
        # sines are of about 1: beside them, embeddings that begin at 0.02 would hardly be seen
        "scale_embedding": config.positions == "sinusoidal",
    }
    manual_seed(config.seed)
    return LMExperiment(
        config,
        text,
        vocabulary,
        train=TextWindows(
            ids.train, config.batch_size, config.context, config.seed, EPOCH, total=config.iterations
        ),
        validation=WindowsInOrder(ids.validation, EVALUATION_WINDOWS, config.context),
        test=WindowsInOrder(ids.test, EVALUATION_WINDOWS, config.context, -(-config.context // 2)),
        options=options,
        model=TransformerLM(**options),
        loss=CrossEntropyLoss(axis=-1),
    )


def train_lm(
    config: LMConfig, run: Run, resume: bool = False, callbacks: Sequence[Callback] = ()
) -> dict[str, Any]:
    """Trains, evaluates, and leaves everything in the run's directory. Returns what result.json holds."""
    experiment = prepare(config)
    write_description(run, experiment, describe_model(experiment), check_same_data)
    falling = CosineAnnealingLR(config.lr, config.iterations, config.lr / 10)
    warm_up = max(1, min(WARM_UP, config.iterations // 10))
    history = fit_experiment(
        experiment,
        build_optimizer(config, experiment.model),
        WarmUp(falling, warm_up, start_factor=1 / warm_up),
        run,
        resume,
        callbacks,
        epochs=experiment.train.epochs,
        best_by="loss",
        threads=config.threads or usual_threads(config.batch_size),
    )
    learning_curves(history, run.path / "learning_curves.png")
    result = {
        **figures_of_test(experiment),
        **figures_of_training(experiment.model, history),
        "sha256": experiment.text.sha256,
    }
    run.write_json("result.json", result)
    return result


def build_optimizer(config: LMConfig, model: TransformerLM) -> AdamW:
    return AdamW(
        list(model.parameters()),
        config.lr,
        betas=(0.9, 0.99),
        weight_decay=config.weight_decay,
        matrices_only=True,
    )


def figures_of_test(experiment: LMExperiment) -> dict[str, Any]:
    """How well the model, as it is now, predicts the test part."""
    threads = experiment.config.threads or usual_threads(EVALUATION_WINDOWS)
    test_loss = mean_loss(experiment.model, experiment.loss, experiment.test, threads=threads)
    return figures_of_text(test_loss, experiment.text)


def describe_model(experiment: LMExperiment) -> dict[str, Any]:
    """What it takes to use the trained weights without the text: see `chainrule.recipes.writers`."""
    return {
        "recipe": "lm",
        "model": "transformer-lm",
        "options": experiment.options,
        "vocabulary": experiment.vocabulary.to_json(),
        "text": experiment.text.sha256,
    }
