"""A tokenizer: text to ids and back, by characters, words, or pieces of words.

tokenizer = Tokenizer.train("bpe", texts, vocabulary=8000)
ids = tokenizer.encode("A little girl climbs.")          # int64 (time,)
tokenizer.tokens(ids)                                    # ["▁A", "▁little", "▁girl", "▁climb", "s", "."]
tokenizer.decode(ids)                                    # "A little girl climbs."

Four ids are the same everywhere: 0 `<pad>` fills up short sequences, 1 `<s>` begins one, 2 `</s>` ends it,
and 3 `<unk>` stands for whatever has no token. encode never gives the first three, whatever the text says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from chainrule.functions.arrays import Array

from .tokenizer_kinds import BPE_SIZE, KINDS, SPACE, build_backend, learn_tokens
from .vocabulary import check_ids

if TYPE_CHECKING:
    from chainrule.functions.arrays import Int

SPECIALS = ("<pad>", "<s>", "</s>", "<unk>")
# “ opens in English and closes in German: it keeps its spaces, as " does
NO_SPACE_BEFORE = re.compile(r" (?=[.,!?;:%…)\]}»”](?: |$))")
NO_SPACE_AFTER = re.compile(r"(?<=[(\[{«„¿¡]) ")


@dataclass(frozen=True, repr=False)
class Tokenizer:
    """Tokens in the order of their ids, and, for "bpe", the merges that make long ones of short ones.

    Made by `Tokenizer.train`, or read with `from_json`. Encoding is done by the package tokenizers (Hugging
    Face), decoding here. Raises ValueError for tokens or merges that do not fit together.
    """

    kind: str
    vocabulary: tuple[str, ...]
    merges: tuple[tuple[str, str], ...] = field(default=())

    pad_id: ClassVar[int] = 0
    bos_id: ClassVar[int] = 1
    eos_id: ClassVar[int] = 2
    unk_id: ClassVar[int] = 3

    def __post_init__(self) -> None:
        _check_kind(self.kind)
        if self.vocabulary[:4] != SPECIALS or len(self.vocabulary) == 4:
            raise ValueError(
                f"a tokenizer's vocabulary is {', '.join(SPECIALS)} and then its tokens, got "
                f"{len(self.vocabulary)} that begin with {self.vocabulary[:4]}"
            )
        if len(known := set(self.vocabulary)) < len(self.vocabulary):
            raise ValueError("a tokenizer's vocabulary holds a token twice: its ids would be ambiguous")
        for first, second in self.merges:
            if not {first, second, first + second} <= known:
                raise ValueError(
                    f"the merge of {first!r} and {second!r} does not fit the vocabulary: it needs both, and "
                    f"{first + second!r}"
                )

    @classmethod
    def train(
        cls, kind: str, texts: Iterable[str], vocabulary: int | None = None, min_frequency: int = 1
    ) -> Tokenizer:
        """The tokens that describe these texts. The same texts give the same ids.

        "chars": each character is a token, the space too; decode gives back the text exactly.
        "words": words (with ' and - inside), numbers and single marks. decode joins them with spaces, but
            puts none before a period. Nothing is lower-cased; do that first where it is wanted.
        "bpe": frequent pieces of words, found by merging the most frequent pair of neighbors again and again
            (Sennrich, Haddow and Birch 2016). ▁ is the space before a word. decode gives back the text with
            its runs of spaces made one.
        "pieces": the text was cut already, as "pul@@ ley": split at spaces, joined at "@@ ".

        Words and bpe see letters with accents as one character each (Unicode NFC), however they were typed.
        vocabulary: how many ids at most, the four special ones among them; bpe: 8,000 unless given, the
        others: all. min_frequency: tokens (bpe: pairs) that occur less often are left out. Ids go by
        frequency, then alphabetically; those of bpe by characters, then merges.

        Raises ValueError for an unknown kind, texts without any token, or a vocabulary that is too small;
        ImportError if tokenizers is missing.
        """
        _check_kind(kind)
        texts = _checked(texts)
        if vocabulary is not None and vocabulary <= len(SPECIALS):
            raise ValueError(f"vocabulary= counts the 4 special tokens, so it must be > 4, got {vocabulary}")
        if min_frequency < 1:
            raise ValueError(f"min_frequency must be >= 1, got {min_frequency}")
        size = vocabulary if vocabulary is not None else BPE_SIZE if kind == "bpe" else None
        tokens, merges = learn_tokens(kind, texts, None if size is None else size - 4, min_frequency)
        # a text that spells out a special token has no right to its id
        tokens = [token for token in tokens if token not in SPECIALS]
        if not tokens:
            raise ValueError(
                "there is nothing to train a tokenizer on: the texts are empty"
                + (f", or nothing occurs {min_frequency} times" if min_frequency > 1 else "")
            )
        return cls(kind, (*SPECIALS, *tokens), tuple(merges))

    def __len__(self) -> int:
        """How many ids there are, special ones included: the rows that an embedding needs."""
        return len(self.vocabulary)

    def encode(self, text: str) -> Int[Array, " time"]:
        """Ids (time,), int64, without special ones; `unk_id` for what has no token (see `unknown`)."""
        return np.array(self._encode(text).ids, np.int64)

    def encode_all(self, texts: Iterable[str]) -> list[Array]:
        """The ids of each text: many are faster together."""
        encodings = self._backend.encode_batch_fast(_checked(texts), add_special_tokens=False)
        return [np.array(encoding.ids, np.int64) for encoding in encodings]

    def decode(self, ids: Int[Array, " time"] | Sequence[int]) -> str:
        """The text of ids (time,). `<pad>`, `<s>` and `</s>` are left out; `<unk>` stays, so that it is seen.

        Raises IndexError for an id that is no token, TypeError for ids that are no integers.
        """
        ids = check_ids(ids, len(self), "token")
        return _join(self.kind, [self.vocabulary[i] for i in ids.tolist() if i >= self.unk_id])

    def tokens(self, ids: Int[Array, " time"] | Sequence[int]) -> list[str]:
        """What each id stands for, special ones included: the labels of a picture. Raises as decode does."""
        return [self.vocabulary[i] for i in check_ids(ids, len(self), "token").tolist()]

    def unknown(self, text: str) -> list[str]:
        """The parts of a text that encode to `<unk>`, each once, in their order: what a user is warned of."""
        encoding = self._encode(text)
        parts = zip(encoding.ids, encoding.offsets, strict=True)
        return list(dict.fromkeys(text[start:end] for i, (start, end) in parts if i == self.unk_id))

    def to_json(self) -> dict[str, Any]:
        merges = [list(pair) for pair in self.merges]
        return {"kind": self.kind, "vocabulary": list(self.vocabulary), "merges": merges}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Tokenizer:
        """The tokenizer that to_json wrote. Raises ValueError that says what is wrong with the content."""
        try:
            kind, vocabulary, merges = content["kind"], content["vocabulary"], content["merges"]
            if not all(isinstance(token, str) for token in vocabulary):
                raise TypeError("a token is no text")
            return cls(kind, tuple(vocabulary), tuple((str(first), str(second)) for first, second in merges))
        except (KeyError, TypeError, ValueError) as error:
            problem = f"there is no {error}" if isinstance(error, KeyError) else str(error)
            raise ValueError(f"this is not the JSON of a tokenizer, or it is damaged: {problem}") from error

    def __repr__(self) -> str:
        return f"Tokenizer {self.kind}: {len(self):,} tokens"

    @cached_property
    def _backend(self) -> Any:
        return build_backend(self.kind, self.vocabulary[3:], 3, self.merges)

    def _encode(self, text: str) -> Any:
        (checked,) = _checked([text])
        return self._backend.encode(checked, add_special_tokens=False)


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of tokenizer: there are {', '.join(KINDS)}")


def _checked(texts: Iterable[str]) -> list[str]:
    """The texts as a list. Raises TypeError for what is none, ValueError for what cannot be encoded."""
    if isinstance(texts, str):
        raise TypeError("expected several texts, a list of str, got one str")
    texts = list(texts)
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(f"a tokenizer expects texts, got {type(text).__name__} (number {number})")
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise ValueError(f"text {number}, {text[:40]!r}, holds bytes that were no UTF-8 when it was read")
    return texts


def _join(kind: str, tokens: list[str]) -> str:
    """The text that these tokens were cut from, as well as one can tell."""
    if kind == "chars":
        return "".join(tokens)
    if kind == "bpe":
        return "".join(tokens).replace(SPACE, " ").strip(" ")
    spaced = " ".join(tokens)
    if kind == "pieces":
        return spaced.replace("@@ ", "").removesuffix("@@")
    return NO_SPACE_AFTER.sub("", NO_SPACE_BEFORE.sub("", spaced))
