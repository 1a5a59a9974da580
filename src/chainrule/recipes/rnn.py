"""`chainrule train rnn`: a recurrent network learns to write. This file is the tutorial.

data      ->  a text, its characters as numbers; the first 90 % to learn from
model     ->  embedding, LSTM (or RNN, or GRU), linear (chainrule.models.RecurrentLM)
training  ->  32 places of the text side by side, 64 characters at a time; the state is carried on, its
              gradient is not (truncated back-propagation through time); gradients are clipped
result    ->  nats per character on the test part, and samples
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.data import CharVocabulary, StreamsInOrder, Text, TextStreams, load_text
from chainrule.layers import CrossEntropyLoss, manual_seed
from chainrule.models import RecurrentLM
from chainrule.models.cells import check_cell
from chainrule.training import Adam, Callback, CosineAnnealingLR, Run, WarmUp, mean_loss
from chainrule.training.pictures import learning_curves
from chainrule.training.sharding import usual_threads

from .configs import check_counts, check_positive, check_shares, lasting, new_config, read_config
from .fitting import figures_of_training, fit_experiment, write_description
from .writers import check_same_data, figures_of_text


@dataclass(frozen=True)
class RNNConfig:
    """Everything that determines a run. It is stored with the run, as config.json."""

    data: str = "python-docs"  # tinyshakespeare, or a text file
    cell: str = "lstm"  # rnn, gru
    layers: int = 1
    hidden: int = 256
    embedding: int = 64
    dropout: float = 0.0
    tied: bool = False
    recurrent_init: str = "orthogonal"  # torch, identity
    forget_bias: float | None = None  # of an LSTM
    epochs: int = 8
    batch_size: int = 32  # places of the text side by side
    time: int = 64  # characters, then the gradient is cut
    lr: float = 4e-3  # at the beginning, after a warm-up; it falls along a cosine
    max_norm: float = 1.0  # gradients are clipped to it
    threads: int = 0  # each takes a part of the batch; 0: one per core where that is faster
    seed: int = 0


# what a data set is trained with unless told otherwise
DEFAULTS: dict[str, dict[str, Any]] = {
    "python-docs": {},
    "tinyshakespeare": {"layers": 2, "epochs": 12, "dropout": 0.2, "lr": 3e-3},
}
WARM_UP = 100  # steps
EVALUATION_STREAMS, EVALUATION_TIME = 8, 256  # few streams begin without a state


def configure(data: str = "python-docs", **options: Any) -> RNNConfig:
    """The defaults of this text, with the given options (those that are not None) instead."""
    data = lasting(data)
    config = new_config(RNNConfig, data, DEFAULTS.get(data, {}), options)
    check_cell(config.cell)
    check_counts(config, "layers", "hidden", "embedding", "epochs", "batch_size", "time")
    check_positive(config, "lr", "max_norm")
    check_shares(config, "dropout")
    if config.forget_bias is not None and config.cell != "lstm":
        raise ValueError(f"forget_bias: a {config.cell} has no forget gate, only an lstm has one")
    return config


def config_of(run: Run) -> RNNConfig:
    """The config that a run was started with. Raises ValueError if the file holds something else."""
    return read_config(run, RNNConfig)


@dataclass(frozen=True)
class RNNExperiment:
    """Text, model and all that stands between them, made from a config."""

    config: RNNConfig
    text: Text
    vocabulary: CharVocabulary
    train: TextStreams
    validation: StreamsInOrder
    test: StreamsInOrder
    options: dict[str, Any]  # what it takes to build the model again
    model: RecurrentLM
    loss: CrossEntropyLoss


def prepare(config: RNNConfig) -> RNNExperiment:
    """Reads the text, splits and numbers it, and builds the model with its initial weights."""
    text = load_text(config.data)
    vocabulary = CharVocabulary.of(text.whole)
    ids = text.encode(vocabulary)
    names = ("embedding", "hidden", "layers", "cell", "dropout", "tied", "recurrent_init")
    options = {"vocabulary": len(vocabulary), **{name: getattr(config, name) for name in names}}
    if config.forget_bias is not None:
        options["forget_bias"] = config.forget_bias
    manual_seed(config.seed)
    return RNNExperiment(
        config,
        text,
        vocabulary,
        train=TextStreams(ids.train, config.batch_size, config.time, config.seed),
        validation=in_order(ids.validation),
        test=in_order(ids.test),
        options=options,
        model=RecurrentLM(**options),
        loss=CrossEntropyLoss(axis=-1),
    )


def train_rnn(
    config: RNNConfig, run: Run, resume: bool = False, callbacks: Sequence[Callback] = ()
) -> dict[str, Any]:
    """Trains, evaluates, and leaves everything in the run's directory. Returns what result.json holds."""
    experiment = prepare(config)
    write_description(run, experiment, describe_model(experiment), check_same_data)
    steps = config.epochs * len(experiment.train)
    history = fit_experiment(
        experiment,
        build_optimizer(config, experiment.model),
        WarmUp(CosineAnnealingLR(config.lr, steps, config.lr / 30), WARM_UP),
        run,
        resume,
        callbacks,
        epochs=config.epochs,
        carry_state=True,
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


def build_optimizer(config: RNNConfig, model: RecurrentLM) -> Adam:
    return Adam(list(model.parameters()), config.lr)


def figures_of_test(experiment: RNNExperiment) -> dict[str, Any]:
    """How well the model, as it is now, predicts the test part."""
    test_loss = mean_loss(experiment.model, experiment.loss, experiment.test, carry_state=True)
    return figures_of_text(test_loss, experiment.text)


def describe_model(experiment: RNNExperiment) -> dict[str, Any]:
    """What it takes to use the trained weights without the text: see `chainrule.recipes.writers`."""
    return {
        "recipe": "rnn",
        "model": "recurrent-lm",
        "options": experiment.options,
        "vocabulary": experiment.vocabulary.to_json(),
        "text": experiment.text.sha256,
    }


def in_order(ids: Any) -> StreamsInOrder:
    """For evaluation: every character once."""
    return StreamsInOrder(ids, min(EVALUATION_STREAMS, len(ids) - 1), EVALUATION_TIME)
