"""A trained model for names out of its run directory, ready to answer. It needs no data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from chainrule.data import CharVocabulary, pad
from chainrule.data.name_files import clean
from chainrule.functions import softmax
from chainrule.functions.arrays import Array
from chainrule.models import RecurrentClassifier
from chainrule.training import Run

from .kinds import recipe_of
from .remarks import unknown_remark


@dataclass(frozen=True)
class TrainedNames:
    """The model with its trained weights, in evaluation mode, and what its inputs and outputs mean."""

    model: RecurrentClassifier
    classes: tuple[str, ...]
    vocabulary: CharVocabulary

    what: ClassVar[str] = "name"

    def read(self, names: Sequence[str]) -> list[str]:
        """The names as the data sets have them: no space around, each accented letter as one character.

        Raises ValueError if one is empty, or no name.
        """
        cleaned = [clean(name.strip(), f"name {place}") for place, name in enumerate(names, start=1)]
        if not all(cleaned):
            raise ValueError(f"name {cleaned.index('') + 1} is empty")
        return cleaned

    def predict(self, names: Sequence[str]) -> Array:
        """Probabilities (names, classes). Characters that training hardly met count as the unknown one."""
        ids, lengths = pad([self.vocabulary.encode(name) for name in self.read(names)])
        probabilities, _ = softmax(self.model(ids, lengths))
        return probabilities

    def unknown(self, names: Sequence[str]) -> str:
        """The characters of these names, in order, that the model knows nothing about."""
        characters = dict.fromkeys("".join(self.read(names)))
        return "".join(c for c in characters if c not in self.vocabulary.characters)

    def remarks(self, names: Sequence[str]) -> list[str]:
        """What it knows nothing about."""
        return unknown_remark("characters", self.unknown(names))


def load_trained_names(run: Run, weights: str = "last") -> TrainedNames:
    """weights: "last", those of the end, or "best", those with the best validation accuracy.

    Raises FileNotFoundError or ValueError, naming the file, if something is missing or damaged.
    """
    recipe, description = recipe_of(run), run.read_json("model.json")
    if recipe != "names":
        raise ValueError(f"{run.path} was made by the recipe {recipe!r}: it does not read names")
    model = RecurrentClassifier(**description["options"])
    run.load_weights(model, weights)
    model.eval()
    vocabulary = CharVocabulary.from_json(description["vocabulary"])
    return TrainedNames(model, tuple(description["classes"]), vocabulary)
