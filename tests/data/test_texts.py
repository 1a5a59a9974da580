"""Texts: where they come from, and how they are cut."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest

from chainrule.data import CharVocabulary, Text, load_text, texts


def test_the_documentation_of_python() -> None:
    text = load_text()
    assert text.name == "python-docs"
    assert 300_000 < len(text.whole) < 600_000
    assert 90 < len(set(text.whole)) < 130
    assert set(text.validation + text.test) <= set(text.train)
    assert text.sha256 == load_text("python-docs").sha256 == hashlib.sha256(text.whole.encode()).hexdigest()
    assert "Assert statements are a convenient way to insert debugging assertions" in text.train


def test_hardly_a_line_of_the_test_part_was_trained_on() -> None:
    # the topics repeat each other: as they are, it would be one line in six
    text = load_text("python-docs")
    trained = set(text.train.split("\n"))
    lines = [line for line in text.test.split("\n") if len(line.strip()) > 30]
    assert len(lines) > 100
    assert sum(line in trained for line in lines) < 0.02 * len(lines)


def test_a_python_without_its_documentation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydoc_data", None)
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    with pytest.raises(
        ImportError, match=r"pydoc_data\): pass the path of a text file, or 'tinyshakespeare'"
    ):
        load_text("python-docs")


def test_a_file_is_cut_in_its_order(tmp_path: Path) -> None:
    whole = "".join(chr(ord("a") + i % 26) for i in range(1010))
    (tmp_path / "mine.txt").write_text(whole)
    for path in (tmp_path / "mine.txt", str(tmp_path / "mine.txt")):
        text = load_text(path)
        assert (text.name, text.whole, text.has_own_test) == ("mine.txt", whole, True)
        assert [len(part) for part in (text.train, text.validation, text.test)] == [909, 50, 51]


def test_every_character_of_an_evaluated_part_is_predicted_once() -> None:
    text = Text("letters", "abc", "de", "fg")
    vocabulary = CharVocabulary.of(text.whole)
    train, validation, test = (vocabulary.decode(ids) for ids in text.encode(vocabulary))
    assert (train, validation, test) == ("abc", "cde", "efg")  # what comes before is there to predict from


def test_where_the_validation_part_is_the_test_part() -> None:
    text = Text("letters", "abc", "de", "de", has_own_test=False)
    assert text.whole == "abcde"
    ids = text.encode(CharVocabulary.of(text.whole))
    np.testing.assert_array_equal(ids.test, ids.validation)
    assert repr(text) == "Text letters: 3 + 2 characters, 5 distinct"


@pytest.mark.parametrize(
    ("content", "message"),
    [("", "it is empty, 1,000 are the least"), ("a" * 999, "it has 999 characters, 1,000 are the least")],
)
def test_a_short_file(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "mine.txt").write_text(content)
    with pytest.raises(ValueError, match=rf"mine\.txt is too short to learn from: {message}"):
        load_text(tmp_path / "mine.txt")


def test_an_unknown_name_lists_what_exists(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"'shakespeare' is neither .*python-docs, tinyshakespeare"):
        load_text("shakespeare")
    with pytest.raises(ValueError, match="is a folder"):
        load_text(tmp_path)


def test_tiny_shakespeare_offline(nothing_stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pooch", reason="downloads need pooch")
    monkeypatch.setattr(texts, "SHAKESPEARE", "http://127.0.0.1:9/")
    with pytest.raises(OSError, match=r"input.txt could not be downloaded(.|\n)*tinyshakespeare/input.txt"):
        load_text("tinyshakespeare")


def test_tiny_shakespeare_is_looked_for_in_the_data_folder(
    nothing_stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tinyshakespeare").mkdir()
    (tmp_path / "tinyshakespeare" / "input.txt").write_text("abcdefghij")
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    text = load_text("tinyshakespeare")
    assert (text.train, text.validation, text.test, text.has_own_test) == ("abcdefghi", "j", "j", False)


def test_the_real_tiny_shakespeare(data_root: Path) -> None:
    text = load_text("tinyshakespeare")
    assert (len(text.train), len(text.validation)) == (1_003_854, 111_540)
    assert text.sha256 == texts.SHAKESPEARE_SHA256
    assert len(CharVocabulary.of(text.whole)) == 65
