"""Which recipe a run was made by. Each has config_of, prepare, check_same_data and build_optimizer."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from chainrule.training import Run

# each with its module in chainrule.recipes
RECIPES = {
    "cnn": "cnn",
    "rnn": "rnn",
    "names": "names",
    "lm": "language_model",
    "classify": "classify",
    "transformer": "transformer",
}
# what those that choose a class are judged by; all others write, and have figures_of_test
SAMPLES = {"cnn": "images", "names": "names", "classify": "texts"}


def recipe_of(run: Run) -> str:
    """One of RECIPES. Runs of before this was written down are all of images: "cnn".

    Raises FileNotFoundError or ValueError if model.json is missing, damaged, or of another recipe.
    """
    recipe = run.read_json("model.json").get("recipe", "cnn")
    if recipe not in RECIPES:
        raise ValueError(
            f"{run.path} was made by the recipe {recipe!r}: this version knows {', '.join(RECIPES)}"
        )
    return str(recipe)


def usual_weights(run: Run) -> str:
    """Those that the run's result was measured with: "average" where a run averages, else "last"."""
    usual = run.read_json("model.json").get("weights", "last")
    finished = (run.path / "result.json").exists()  # before the first epoch, there is nothing to average
    return "average" if usual == "average" and (finished or run.epochs_kept()) else "last"


def recipe_module(run: Run) -> Any:
    """The module of `recipe_of(run)`."""
    return import_module(f"chainrule.recipes.{RECIPES[recipe_of(run)]}")


def reopen(run: Run) -> Any:
    """What `prepare` made of the run's config: its data, and its model with the initial weights.

    Raises ValueError if the data has changed since: what the run learned from might then be tested.
    """
    recipe = recipe_module(run)
    experiment = recipe.prepare(recipe.config_of(run))
    recipe.check_same_data(experiment, run)
    return experiment
