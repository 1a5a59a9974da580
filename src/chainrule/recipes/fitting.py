"""What recipes have in common: they train, and write down what training was like, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chainrule.layers import CrossEntropyLoss, Layer
from chainrule.training import Callback, Optimizer, Record, Run, Schedule, evaluate, fit
from chainrule.training.pictures import confusion_matrix, learning_curves


def fit_experiment(
    experiment: Any,
    optimizer: Optimizer,
    schedule: Schedule,
    run: Run,
    resume: bool,
    callbacks: Sequence[Callback],
    **options: Any,
) -> list[Record]:
    """`fit`, with the experiment's model, loss and data, its config's max_norm and seed, and more options."""
    return fit(
        experiment.model,
        experiment.loss,
        optimizer,
        experiment.train,
        experiment.validation,
        schedule=schedule,
        max_norm=experiment.config.max_norm,
        seed=experiment.config.seed,
        run=run,
        resume=resume and run.last.is_file(),  # stopped before its first checkpoint, it begins again
        callbacks=callbacks,
        **options,
    )


def write_description(
    run: Run, experiment: Any, description: dict[str, Any], check_same_data: Callable[[Any, Run], None]
) -> None:
    """Writes model.json. Raises ValueError if there is one that was written for other data."""
    if (run.path / "model.json").exists():
        check_same_data(experiment, run)
    run.write_json("model.json", description)


def figures_of_training(model: Layer, history: Sequence[Record]) -> dict[str, Any]:
    """What result.json says about the training, whatever the recipe. A figure that no epoch has is left out.

    Of the last epoch: train_loss, train_accuracy and validation_loss; of all: the best validation figures.
    """
    last = history[-1]
    figures: dict[str, Any] = {
        name: last[name] for name in ("train_loss", "train_accuracy", "validation_loss") if name in last
    }
    if "validation_loss" in last:
        figures["best_validation_loss"] = min(record["validation_loss"] for record in history)
    if "validation_accuracy" in last:
        figures["best_validation_accuracy"] = max(record["validation_accuracy"] for record in history)
    return {
        **figures,
        "parameters": sum(parameter.size for parameter in model.parameters()),
        "epochs": len(history),
        "steps": last["step"],
        "seconds": sum(record["seconds"] for record in history),
    }


def finish_classes(experiment: Any, run: Run, history: list[Record], samples: str) -> dict[str, Any]:
    """The test part of a model that chooses a class, seen for the first time: figures and pictures.

    samples: what is classified, in a word: "names".
    """
    test = evaluate(experiment.model, CrossEntropyLoss(), experiment.test)
    learning_curves(history, run.path / "learning_curves.png")
    confusion_matrix(test, experiment.classes, run.path / "confusion_matrix.png", samples)
    return {
        "test_accuracy": test.accuracy,
        "balanced_accuracy": test.balanced_accuracy,
        "test_loss": test.loss,
        f"test_{samples}": len(test.labels),
        **figures_of_training(experiment.model, history),
    }
