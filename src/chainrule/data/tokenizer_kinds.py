"""How each kind of tokenizer cuts a text and learns its tokens, in terms of the package tokenizers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from .extras import require

KINDS = ("chars", "words", "bpe", "pieces")
BPE_SIZE = 8000
SPACE = "▁"  # U+2581, in front of every word in bpe
UNKNOWN = "<unk>"
# numbers with . , : inside; words with ' and - inside; any other visible character by itself
WORD = r"\d+(?:[.,:]\d+)+|\w+(?:['’-]\w+)*|[^\w\s]"
UNLIMITED = 2**31


def build_backend(kind: str, tokens: Sequence[str], first_id: int, merges: Sequence[tuple[str, str]]) -> Any:
    """A tokenizers.Tokenizer with these tokens, whose ids count from first_id.

    Raises ImportError that says how to install the package.
    """
    package = _package()
    ids = {token: first_id + place for place, token in enumerate(tokens)}
    if kind == "bpe":
        model = package.models.BPE(ids, list(merges), unk_token=UNKNOWN)
    else:
        model = package.models.WordLevel(ids, unk_token=UNKNOWN)
    return _backend(kind, model)


def learn_tokens(
    kind: str, texts: Iterable[str], size: int | None, min_frequency: int
) -> tuple[list[str], list[tuple[str, str]]]:
    """(tokens, merges): at most `size` tokens in the order of their ids.

    Raises ValueError if `size` bpe tokens are fewer than the characters of the texts.
    """
    package = _package()
    model = package.models.BPE() if kind == "bpe" else package.models.WordLevel()
    trainer = package.trainers.BpeTrainer if kind == "bpe" else package.trainers.WordLevelTrainer
    backend = _backend(kind, model)
    options = {"min_frequency": min_frequency, "show_progress": False, "special_tokens": []}
    backend.train_from_iterator(texts, trainer(vocab_size=size or UNLIMITED, **options))
    ids = backend.get_vocab()
    merges: list[tuple[str, str]] = []
    if kind == "bpe":
        merges = [(first, second) for first, second in json.loads(backend.to_str())["model"]["merges"]]
        if size is not None and len(ids) > size:
            raise ValueError(
                f"the texts have {len(ids)} different characters: with the 4 special tokens, vocabulary= "
                f"must be {len(ids) + 4} or more, got {size + 4}"
            )
    return sorted(ids, key=ids.__getitem__), merges


def _backend(kind: str, model: Any) -> Any:
    package = _package()
    cut = package.pre_tokenizers
    backend = package.Tokenizer(model)
    if kind in ("words", "bpe"):
        backend.normalizer = package.normalizers.NFC()
    if kind == "chars":
        backend.pre_tokenizer = cut.Split(package.Regex(r"[\s\S]"), "isolated")
    elif kind == "words":
        backend.pre_tokenizer = cut.Split(package.Regex(WORD), "removed", invert=True)  # what is no WORD
    elif kind == "pieces":
        backend.pre_tokenizer = cut.WhitespaceSplit()
    else:
        marked = cut.Metaspace(SPACE, prepend_scheme="always")
        backend.pre_tokenizer = cut.Sequence([cut.WhitespaceSplit(), marked, cut.Punctuation("isolated")])
    return backend


def _package() -> Any:
    return require("tokenizers", "a tokenizer")
