"""`chainrule summary`: what a trained model is made of."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from .console import say
from .runs import RunDirectory

SENTENCE = 16  # tokens of source and target
LENGTHS = {"names": 8, "classify": 16}  # tokens; names and sentences are about as long


def summary_command(
    run: RunDirectory,
    batch_size: Annotated[int, typer.Option(min=1, help="How many images, names or texts at once.")] = 1,
    time: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Characters or words of each: 8 for names, 16 for texts to be told apart, or translated; "
            "where text is written, as in training.",
        ),
    ] = None,
) -> None:
    """The model of a run, layer by layer: output shapes, parameters, multiply-adds, memory."""
    import numpy as np

    from chainrule.layers import Layer
    from chainrule.recipes.answering import load_answering
    from chainrule.recipes.kinds import recipe_of
    from chainrule.recipes.trained import load_trained
    from chainrule.recipes.translator import load_translator
    from chainrule.recipes.writers import load_writer
    from chainrule.training import Run
    from chainrule.training.summary import summary

    opened = Run.open(run)
    recipe = recipe_of(opened)
    model: Layer
    x: Any
    if recipe == "cnn":
        if time is not None:
            raise ValueError(f"--time is for names and texts, {run} reads images")
        trained = load_trained(opened)
        model, x = trained.model, np.zeros((batch_size, *trained.image_shape), np.float32)
    elif recipe == "transformer":
        model = load_translator(opened).model
        ids = np.zeros((batch_size, time or SENTENCE), np.int64)
        x = (ids, ids)
    elif recipe in LENGTHS:
        model = load_answering(opened).model
        x = np.zeros((batch_size, time or LENGTHS[recipe]), np.int64)
    else:
        config = opened.config
        steps = time or config.get("time") or config["context"]
        model, x = load_writer(opened)[0], np.zeros((batch_size, steps), np.int64)
    say(str(summary(model.train(), x)))
