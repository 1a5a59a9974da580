"""`chainrule evaluate`: a trained model on its test data, again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from .console import console, say
from .runs import RunDirectory, Weights

if TYPE_CHECKING:
    from chainrule.training import Evaluation, Run


def evaluate_command(run: RunDirectory, weights: Weights = "last") -> None:
    """Runs the model over its test data again.

    Images and names: accuracy, loss, and every class by itself. Text: the loss per character.
    """
    from chainrule.recipes.kinds import recipe_of
    from chainrule.training import Run

    opened = Run.open(run)
    {"cnn": _images, "names": _names, "rnn": _text}[recipe_of(opened)](opened, weights)


def _images(run: Run, weights: str) -> None:
    from chainrule.layers import CrossEntropyLoss
    from chainrule.recipes.cnn import check_same_images, config_of, prepare
    from chainrule.training import evaluate

    experiment = prepare(config_of(run))
    check_same_images(experiment, run)
    run.load_weights(experiment.model, weights)
    scores = evaluate(experiment.model, CrossEntropyLoss(), experiment.test)
    _say_scores(scores, experiment.test_images.classes, "images")


def _names(run: Run, weights: str) -> None:
    from chainrule.layers import CrossEntropyLoss
    from chainrule.recipes.names import check_same_names, config_of, prepare
    from chainrule.training import evaluate

    experiment = prepare(config_of(run))
    check_same_names(experiment, run)
    run.load_weights(experiment.model, weights)
    scores = evaluate(experiment.model, CrossEntropyLoss(), experiment.test)
    _say_scores(scores, experiment.classes, "names")


def _text(run: Run, weights: str) -> None:
    from chainrule.recipes.rnn import check_same_text, config_of, prepare, test_figures

    experiment = prepare(config_of(run))
    check_same_text(experiment.text, run)
    run.load_weights(experiment.model, weights)
    figures = test_figures(experiment)
    part = "validation" if figures["test_is_validation"] else "test"
    say(
        f"{part} loss [bold]{figures['test_loss']:.4f}[/] nats per character "
        f"({figures['bits_per_character']:.3f} bits, perplexity {figures['perplexity']:.2f}), "
        f"over {figures['test_characters']:,} characters"
    )


def _say_scores(scores: Evaluation, classes: tuple[str, ...], samples: str) -> None:
    table = Table(box=None, header_style="bold")
    for column in ("class", samples, "found", "precision"):
        table.add_column(column, justify="left" if column == "class" else "right")
    for i, name in enumerate(classes):
        true, predicted = scores.labels == i, scores.predictions == i
        hits = int((true & predicted).sum())
        found, precision = (f"{hits / max(int(of.sum()), 1):.1%}" for of in (true, predicted))
        table.add_row(escape(name), str(int(true.sum())), found, precision)
    console.print(table)
    wrong = int((scores.predictions != scores.labels).sum())
    say(
        f"test accuracy [bold]{scores.accuracy:.2%}[/] ({wrong} of {len(scores.labels)} wrong), "
        f"test loss {scores.loss:.4f}; on average {scores.balanced_accuracy:.2%} of each class found"
    )
