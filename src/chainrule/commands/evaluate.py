"""`chainrule evaluate`: a trained model on its test data, again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from .console import console, say
from .runs import RunDirectory, Weights
from .translated import quality_of_translation
from .written import loss_of_text

if TYPE_CHECKING:
    from chainrule.training import Evaluation


def evaluate_command(run: RunDirectory, weights: Weights = None) -> None:
    """Runs the model over its test data again.

    Where there are classes: accuracy, loss, and every class by itself. Models that write: the loss per
    character. Translation: BLEU, chrF, exact matches, and the loss per token.
    """
    from chainrule.layers import CrossEntropyLoss
    from chainrule.recipes.kinds import SAMPLES, recipe_module, recipe_of, reopen, usual_weights
    from chainrule.training import Run, evaluate

    opened = Run.open(run)
    recipe, experiment = recipe_of(opened), reopen(opened)
    opened.load_weights(experiment.model, weights or usual_weights(opened))
    if recipe in SAMPLES:
        scores = evaluate(experiment.model, CrossEntropyLoss(), experiment.test)
        _say_scores(scores, experiment.classes, SAMPLES[recipe])
        return
    figures = recipe_module(opened).figures_of_test(experiment)
    if recipe == "transformer":
        say(quality_of_translation(figures))
    else:
        say(f"{loss_of_text(figures)}, over {figures['test_characters']:,} characters")


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
