"""A trained model for texts out of its run directory, ready to answer. It needs no data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from chainrule.data import Tokenizer, pad
from chainrule.data.text_files import one_line
from chainrule.functions import softmax
from chainrule.functions.arrays import Array
from chainrule.models import TransformerClassifier
from chainrule.training import Run

from .kinds import recipe_of
from .remarks import unknown_remark

CONTRACTION = re.compile(r"(?<=\w)(n[’']t|[’'](?:s|re|ve|ll|d|m))\b")  # isn't, it's, they're ...


def encode(tokenizer: Tokenizer, texts: Sequence[str], max_length: int) -> list[Array]:
    """The ids of each text, (time,), at least one, at most max_length of them.

    Words are read in lower case, with "is n't" for "isn't": so data sets of words have them, and "n't" says
    the same in all of its words.
    """
    nothing = np.array([tokenizer.unk_id])
    tidied = [tidy(text, tokenizer.kind) for text in texts]
    return [ids[:max_length] if len(ids) else nothing for ids in tokenizer.encode_all(tidied)]


def tidy(text: str, kind: str) -> str:
    """The text as its tokenizer, of this kind, is to see it."""
    text = one_line(text)
    return CONTRACTION.sub(r" \1", text.lower().replace("’", "'")) if kind == "words" else text


@dataclass(frozen=True)
class TrainedTexts:
    """The model with its trained weights, in evaluation mode, and what its inputs and outputs mean."""

    model: TransformerClassifier
    classes: tuple[str, ...]
    tokenizer: Tokenizer
    max_length: int

    what: ClassVar[str] = "text"

    @property
    def parts(self) -> str:
        """What a text is made of, in a word."""
        return "words" if self.tokenizer.kind == "words" else "characters"

    def predict(self, texts: Sequence[str]) -> Array:
        """Probabilities (texts, classes). Raises ValueError if a text is empty."""
        for place, text in enumerate(texts, start=1):
            if not text.strip():
                raise ValueError(f"text {place} is empty")
        ids, lengths = pad(encode(self.tokenizer, texts, self.max_length))
        probabilities, _ = softmax(self.model(ids, lengths))
        return probabilities

    def unknown(self, texts: Sequence[str]) -> list[str]:
        """The parts of these texts, in order, that the model knows nothing about."""
        tidied = [tidy(text, self.tokenizer.kind) for text in texts]
        return list(dict.fromkeys(part for text in tidied for part in self.tokenizer.unknown(text)))

    def remarks(self, texts: Sequence[str]) -> list[str]:
        """What it knows nothing about, and what it does not read to the end."""
        tidied = [tidy(text, self.tokenizer.kind) for text in texts]
        remarks = unknown_remark(self.parts, self.unknown(texts))
        for place, ids in enumerate(self.tokenizer.encode_all(tidied), start=1):
            if len(ids) > self.max_length:
                remarks.append(
                    f"text {place} has {len(ids):,} tokens: only the first {self.max_length:,} are read"
                )
        return remarks


def load_trained_texts(run: Run, weights: str = "last") -> TrainedTexts:
    """weights: "last", those of the end, or "best", those with the best validation accuracy.

    Raises FileNotFoundError or ValueError, naming the file, if something is missing or damaged.
    """
    recipe, description = recipe_of(run), run.read_json("model.json")
    if recipe != "classify":
        raise ValueError(f"{run.path} was made by the recipe {recipe!r}: it does not tell texts apart")
    model = TransformerClassifier(**description["options"])
    run.load_weights(model, weights)
    model.eval()
    tokenizer = Tokenizer.from_json(description["tokenizer"])
    return TrainedTexts(model, tuple(description["classes"]), tokenizer, description["max_length"])
