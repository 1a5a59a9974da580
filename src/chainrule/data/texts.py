"""Long texts to learn from, in parts: one to train with, one to compare settings by, one to report."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from chainrule.functions.arrays import Array

from .download import locate
from .text_files import read_text
from .vocabulary import CharVocabulary

SHAKESPEARE = "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/"
SHAKESPEARE_SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
SHORTEST = 1000  # characters: with fewer, a part would be a line or two


class TextIds(NamedTuple):
    """The parts of a text as ids. The first id of `validation` and `test` is the last of the part before."""

    train: Array
    validation: Array
    test: Array


@dataclass(frozen=True)
class Text:
    """A text, cut into parts that follow each other in it.

    Where a text has two parts by custom, `test` is the validation part again, and `has_own_test` False:
    what is reported was then also looked at during training.
    """

    name: str
    train: str
    validation: str
    test: str
    has_own_test: bool = True

    @property
    def whole(self) -> str:
        return self.train + self.validation + (self.test if self.has_own_test else "")

    @property
    def sha256(self) -> str:
        """Of the whole text in UTF-8: a result belongs to the text that it was found with."""
        return hashlib.sha256(self.whole.encode()).hexdigest()

    def encode(self, vocabulary: CharVocabulary) -> TextIds:
        """The ids of each part; those of validation and test begin with one more, the character before them.

        A model predicts every id but the first. So every character of the two is predicted once, the first
        one too.
        """
        train, validation, test = (
            vocabulary.encode(part) for part in (self.train, self.validation, self.test)
        )
        before_test = validation if self.has_own_test else train
        return TextIds(train, np.append(train[-1:], validation), np.append(before_test[-1:], test))

    def __repr__(self) -> str:
        sizes = f"{len(self.train):,} + {len(self.validation):,}"
        sizes += f" + {len(self.test):,}" if self.has_own_test else ""
        return f"Text {self.name}: {sizes} characters, {len(set(self.whole))} distinct"


def load_text(name_or_path: str | Path = "python-docs") -> Text:
    """A text by its name (see NAMED), or any UTF-8 file.

    "python-docs": see `python_docs`. "tinyshakespeare": 1,115,394 characters of Shakespeare (Karpathy 2015),
    from $CHAINRULE_DATA/tinyshakespeare/input.txt, else from the cache, else downloaded (1.1 MB). Its first
    90 % train and its last 10 % are for validation; there is no other test part. All other texts: the first
    90 %, then 5 % for validation, and the last 5 % for testing.

    Raises FileNotFoundError that lists the names; ValueError for a file that is no text, empty or too short;
    OSError if a download fails.
    """
    if isinstance(name_or_path, str) and name_or_path in NAMED:
        return NAMED[name_or_path]()
    path = Path(name_or_path)
    if not path.exists():
        raise FileNotFoundError(f"{str(path)!r} is neither a text ({', '.join(NAMED)}) nor a file")
    whole = read_text(path)
    if len(whole) < SHORTEST:
        found = f"it has {len(whole)} characters" if whole else "it is empty"
        raise ValueError(f"{path} is too short to learn from: {found}, {SHORTEST:,} are the least")
    return _cut(path.name, whole)


def python_docs() -> str:
    """The English text that every Python installation contains: what `help("topics")` lists, about the
    language.

    In the order of the topics' names. Many topics repeat others word for word, so a paragraph that stood
    before is left out (a fifth of the text): otherwise the test part would hold what was trained on. 370,000
    to 420,000 characters, depending on the version of Python. Raises ImportError where a distribution left
    it out.
    """
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise ImportError(
            "this Python came without its documentation (the package pydoc_data): pass the path of a text "
            "file, or 'tinyshakespeare'; some distributions have it in a package of their own"
        ) from error
    paragraphs = "\n\n".join(topics[name].strip("\n") for name in sorted(topics)).split("\n\n")
    return "\n\n".join(dict.fromkeys(paragraphs)) + "\n"


def _load_python_docs() -> Text:
    return _cut("python-docs", python_docs())


def _load_tinyshakespeare() -> Text:
    whole = read_text(locate("tinyshakespeare", "input.txt", [SHAKESPEARE], SHAKESPEARE_SHA256))
    cut = len(whole) * 9 // 10
    return Text("tinyshakespeare", whole[:cut], whole[cut:], whole[cut:], has_own_test=False)


def _cut(name: str, whole: str) -> Text:
    """90 %, 5 % and 5 %, in the order of the text: what is tested comes after what was learned."""
    first, second = len(whole) * 90 // 100, len(whole) * 95 // 100
    return Text(name, whole[:first], whole[first:second], whole[second:])


NAMED: dict[str, Callable[[], Text]] = {
    "python-docs": _load_python_docs,
    "tinyshakespeare": _load_tinyshakespeare,
}
