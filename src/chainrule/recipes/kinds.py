"""Which recipe a run was made by: what its model reads, and what can be done with it."""

from __future__ import annotations

from chainrule.training import Run

RECIPES = {"cnn": "images", "rnn": "text", "names": "names"}  # and what their models read


def recipe_of(run: Run) -> str:
    """A key of RECIPES. Runs of before this was written down are all of images.

    Raises FileNotFoundError or ValueError if model.json is missing, damaged, or of another recipe.
    """
    recipe = run.read_json("model.json").get("recipe", "cnn")
    if recipe not in RECIPES:
        raise ValueError(
            f"{run.path} was made by the recipe {recipe!r}: this version knows {', '.join(RECIPES)}"
        )
    return str(recipe)
