"""A vocabulary of characters: every character has a number, its id.

vocabulary = CharVocabulary.of("banana")         # a, b, n
vocabulary.encode("nab")                         # [2, 0, 1]
vocabulary.decode([2, 0, 1])                     # "nab"
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.functions.arrays import Array, describe

if TYPE_CHECKING:
    from chainrule.functions.arrays import Int

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"  # what the unknown id looks like when it is decoded


@dataclass(frozen=True)
class CharVocabulary:
    """Sorted characters; the id of each is its place. It is stored with a run, as JSON.

    With unknown=True there is one id more, the last: it stands for every other character, and is decoded as
    �. A model can only know what it means if it met it in training.

    Raises ValueError unless the characters are sorted, each is there once, and there is at least one.
    """

    characters: str
    unknown: bool = False

    def __post_init__(self) -> None:
        if not self.characters:
            raise ValueError("a vocabulary needs at least one character: the text is empty")
        for first, second in zip(self.characters, self.characters[1:], strict=False):
            if first >= second:
                raise ValueError(
                    f"a vocabulary's characters are sorted, and each is there once, but {second!r} follows "
                    f"{first!r}: CharVocabulary.of(text) sorts them"
                )

    @classmethod
    def of(cls, texts: str | Iterable[str], unknown: bool = False) -> CharVocabulary:
        """All characters that occur in a text, or in any of several."""
        return cls("".join(sorted(set("".join(texts)))), unknown)

    def __len__(self) -> int:
        """How many ids there are, with the unknown one: the rows that an embedding needs."""
        return len(self.characters) + self.unknown

    def encode(self, text: str) -> Int[Array, " characters"]:
        """Ids (characters,), int64. Raises ValueError for the first character that has none, unless unknown
        ones have.
        """
        codes = _codes(text)
        ids = np.searchsorted(self._codes, codes)  # where each would stand in the sorted row
        known = self._codes[np.minimum(ids, len(self._codes) - 1)] == codes
        if self.unknown:
            ids[~known] = len(self.characters)
        elif not known.all():
            raise ValueError(self._describe_unknown(text, int((~known).argmax())))
        return ids.astype(np.int64, copy=False)

    def decode(self, ids: Int[Array, " characters"] | Sequence[int]) -> str:
        """The text of ids (characters,). Raises IndexError for an id that no character has, TypeError for
        ids that are no integers.
        """
        ids = check_ids(ids, len(self), "character")
        letters = self.characters + REPLACEMENT * self.unknown
        return "".join([letters[i] for i in ids.tolist()])

    def to_json(self) -> dict[str, Any]:
        return {"characters": self.characters, "unknown": self.unknown}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> CharVocabulary:
        return cls(content["characters"], content["unknown"])

    @cached_property
    def _codes(self) -> Array:
        return _codes(self.characters)

    def _describe_unknown(self, text: str, place: int) -> str:
        character = text[place]
        name = unicodedata.name(character, "a character without a name")
        line, column = text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)
        return (
            f"{character!r} (U+{ord(character):04X}, {name}) in line {line}, column {column} is not among "
            f"the {len(self.characters)} characters that the text of this vocabulary has: leave it "
            "out, or train on a text that has it"
        )


def check_ids(ids: Int[Array, " time"] | Sequence[int], size: int, what: str) -> Int[Array, " time"]:
    """ids (time,) as an array, if a vocabulary of `size` ids can decode them.

    Raises ValueError for several axes, TypeError for what is no integer, IndexError for an id that is no
    `what`, with its place.
    """
    ids = np.asarray(ids)
    if ids.ndim != 1:
        raise ValueError(f"decode expects the ids of one text, ({what}s,), got {describe('ids', ids)}")
    if ids.size == 0:
        return ids.astype(np.int64)  # an empty list makes an array of floats
    if ids.dtype.kind not in "iu":
        raise TypeError(f"decode expects integers, got {ids.dtype}")
    wrong = (ids < 0) | (ids >= size)
    if wrong.any():
        place = int(wrong.argmax())
        raise IndexError(
            f"id {int(ids[place])} at position {place} is no {what}: the vocabulary has {size} ids, 0 to "
            f"{size - 1}"
        )
    return ids


def _codes(text: str) -> Array:
    """The Unicode code points of a text, (characters,)."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.dtype("<u4"))
