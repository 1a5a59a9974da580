"""Labeled texts: where they come from, how tables are read, and that no text is on two sides."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from chainrule.data import LabeledTexts, load_text_classes
from chainrule.data.languages import LANGUAGES, phrases_by_language
from chainrule.data.text_classes import read_labeled_texts


def table(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tsv", 'good\tso "nice"\nbad\tno, not\n'),
        ("a.tsv", 'label\ttext\ngood\tso "nice"\nbad\tno, not\n'),
        ("a.tsv", 'Sentence\tLabel\n\nso "nice"\tgood\nno, not\tbad'),
        ("a.csv", 'text,label\r\n"so ""nice""",good\r\n"no, not",bad\r\n'),
    ],
)
def test_a_table_has_a_label_and_a_text_and_may_say_in_which_order(
    name: str, content: str, tmp_path: Path
) -> None:
    pairs = read_labeled_texts(table(tmp_path / name, content))
    assert pairs == [('so "nice"', "good"), ("no, not", "bad")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.tsv",
            "good\tnice\n\nbad\n",
            r"a\.tsv, line 3: expected 2 columns, label and text, found 1: 'bad'",
        ),
        ("a.tsv", "good\tnice\twell\n", r"line 1: expected 2 columns, label and text, found 3"),
        ("a.tsv", "good\tnice\n\tbad one\n", r"line 2: the label is empty"),
        ("a.tsv", "text\tlabel\n\tgood\n", r"line 2: the text is empty"),
        ("a.txt", "good\tnice\n", r"expected a table \(\.tsv or \.csv\) with the columns label and text"),
        (
            "a.tsv",
            "so nice\tgood\nso well\tgood\nnot nice\tbad\n",
            r"3 different labels for 2 different texts: .* write a first line that says so: text, label",
        ),
    ],
)
def test_what_is_no_such_table(name: str, content: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        read_labeled_texts(table(tmp_path / name, content))


def test_one_label_is_nothing_to_tell_apart(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected texts with at least two different labels, found only 'a'"):
        load_text_classes(table(tmp_path / "a.tsv", "a\tx\na\ty\n"))


def test_the_parts_do_not_overlap_and_every_class_is_in_each(tmp_path: Path) -> None:
    lines = [
        f"{label}\t{case(f'text {label} {i}')}"
        for label in "ab"
        for i in range(50)
        for case in (str, str.upper)
    ]
    path = table(tmp_path / "mine.tsv", "\n".join(lines + lines))
    splits = load_text_classes(path, validation=0.25)
    assert splits.validation is not None
    parts = [{text.casefold() for text in part.texts} for part in splits]
    assert [len(part) for part in parts] == [60, 20, 20]  # a fifth of 100, then a quarter of 80
    assert len(set().union(*parts)) == 100
    for part in splits:
        assert set(np.bincount(part.labels)) == {len(part) // 2}
    assert load_text_classes(path, validation=0).validation is None
    assert load_text_classes(path, 0.25).fingerprint() == splits.fingerprint()
    assert load_text_classes(path, 0.25, seed=1).fingerprint() != splits.fingerprint()


def test_a_name_that_is_neither_lists_the_names() -> None:
    with pytest.raises(
        FileNotFoundError, match=r"'sst' is neither a data set \(languages, sst2\) nor a table"
    ):
        load_text_classes("sst")


def test_a_data_set_says_what_it_holds() -> None:
    texts = LabeledTexts.of([("x", "b"), ("y", "a"), ("z", "b")], "folder/letters.tsv")
    assert repr(texts) == "LabeledTexts letters: 3 texts: a 1, b 2"
    assert texts.labels.tolist() == [1, 0, 1]


# ------------------------------------------------------------ phrases of languages


def test_phrases_belong_to_one_language_alone() -> None:
    pytest.importorskip("babel")
    pairs = phrases_by_language()
    assert len({phrase.casefold() for phrase, _ in pairs}) >= 0.99 * len(pairs)
    assert len({language for _, language in pairs}) == len(LANGUAGES) == 20
    assert ("Vereinigte Staaten", "German") in pairs
    assert "Paraguay" not in dict(pairs)
    assert len(pairs) > 10_000


def test_without_babel_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "babel", None)
    with pytest.raises(ImportError, match=r"the phrases of languages needs the package babel: pip install"):
        phrases_by_language()


# ------------------------------------------------------------ SST-2


def test_sentiments_have_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sst2").mkdir()
    for number, part in enumerate(("train", "dev", "test")):
        table(tmp_path / "sst2" / f"{part}.tsv", f"label\tsentence\n0\tno {number}\n1\tyes {number}\n")
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    splits = load_text_classes("sst2")
    assert splits.train.classes == ("negative", "positive")
    assert [part.texts[1] for part in splits] == ["yes 0", "yes 1", "yes 2"]
    table(tmp_path / "sst2" / "test.tsv", "index\tsentence\n0\tno\n7\tyes\n")  # GLUE hides the labels
    with pytest.raises(ValueError, match=r"test\.tsv: expected the labels 0 \(negative\) and 1"):
        load_text_classes("sst2")


def test_the_real_sentences() -> None:
    if not os.environ.get("CHAINRULE_DATA"):
        pytest.skip("CHAINRULE_DATA is not set: no folder with the real data sets")
    splits = load_text_classes("sst2")
    assert [len(part) for part in splits] == [67349, 872, 1821]
