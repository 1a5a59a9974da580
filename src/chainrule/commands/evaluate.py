"""`chainrule evaluate`: a trained model on its test data, again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from .console import console, say
from .runs import RunDirectory, Weights

if TYPE_CHECKING:
    from chainrule.training import Evaluation


def evaluate_command(run: RunDirectory, weights: Weights = "last") -> None:
    """Runs the model over its test data again.

    Images and names: accuracy, loss, and every class by itself. Text: the loss per character.
    """
    from chainrule.layers import CrossEntropyLoss
    from chainrule.recipes.kinds import recipe_of, reopen
    from chainrule.recipes.rnn import figures_of_test
    from chainrule.training import Run, evaluate

    opened = Run.open(run)
    recipe, experiment = recipe_of(opened), reopen(opened)
    opened.load_weights(experiment.model, weights)
    if recipe == "rnn":
        _say_figures(figures_of_test(experiment))
        return
    scores = evaluate(experiment.model, CrossEntropyLoss(), experiment.test)
    if recipe == "names":
        _say_scores(scores, experiment.classes, "names")
    else:
        _say_scores(scores, experiment.test_images.classes, "images")


def _say_figures(figures: dict[str, Any]) -> None:
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
