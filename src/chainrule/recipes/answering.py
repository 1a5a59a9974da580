"""Models that choose one of several classes, whatever they read: out of their run directories."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from chainrule.functions.arrays import Array
from chainrule.layers import Layer
from chainrule.training import Run

from .kinds import recipe_of
from .trained import load_trained
from .trained_names import load_trained_names
from .trained_texts import load_trained_texts


class Answering(Protocol):
    """A trained model in evaluation mode, and what its inputs and outputs mean."""

    @property
    def model(self) -> Layer: ...

    @property
    def classes(self) -> tuple[str, ...]: ...

    @property
    def what(self) -> str:
        """What it reads: image, name or text."""
        ...

    def predict(self, inputs: Sequence[str]) -> Array:
        """Probabilities (inputs, classes)."""
        ...

    def remarks(self, inputs: Sequence[str]) -> list[str]:
        """What to know beside the predictions: parts that training hardly met, or that are not read."""
        ...


LOADERS: dict[str, Callable[[Run, str], Answering]] = {
    "cnn": load_trained,
    "names": load_trained_names,
    "classify": load_trained_texts,
}


def load_answering(run: Run, weights: str = "last") -> Answering:
    """weights: "last", those of the end, or "best", those with the best validation accuracy.

    Raises FileNotFoundError or ValueError, naming the file, if something is missing or damaged, or if the
    model of the run has no classes.
    """
    recipe = recipe_of(run)
    if recipe not in LOADERS:
        what = (
            f'translate {run.path} "..."' if recipe == "transformer" else f"generate {run.path} --prompt ..."
        )
        raise ValueError(f"{run.path} writes text and has no classes to choose from: chainrule {what}")
    return LOADERS[recipe](run, weights)
