"""Generation of text, character by character or piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from chainrule.functions.arrays import Array

from .generate import StepModel, generate


class Vocabulary(Protocol):
    """Text to ids and back, as `chainrule.data.CharVocabulary` does it."""

    def encode(self, text: str) -> Array: ...

    def decode(self, ids: Array) -> str: ...


def generate_text(
    model: StepModel, vocabulary: Vocabulary, prompt: str, count: int | None = None, **settings: Any
) -> Iterator[str]:
    """What follows the prompt, piece by piece as it is drawn; `count` pieces, or without end.

        for piece in generate_text(model, vocabulary, "The ", 500, temperature=0.8, seed=1):
            print(piece, end="", flush=True)

    settings: those of `generate`. Raises ValueError for an empty prompt, or one with characters that the
    vocabulary does not know.
    """
    if not prompt:
        raise ValueError("the prompt is empty: the model needs something to begin with; a line break will do")
    ids = generate(model, vocabulary.encode(prompt)[None], count, **settings)
    return (vocabulary.decode(drawn) for drawn in ids)
