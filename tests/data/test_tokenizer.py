"""Text to ids and back, by characters, words, byte-pair encoding, or pieces that were cut already."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.data import Tokenizer

pytest.importorskip("tokenizers", reason="tokenizers cuts the texts")

KINDS = ("chars", "words", "bpe", "pieces")
TEXTS = [
    "A little girl climbs into a wooden playhouse.",
    "Two little boys, a girl and a dog!",
    "Ein kleines Mädchen klettert in ein Spielhaus (aus Holz).",
    "She didn't pay 3.50 for the e-mail.",
]


@pytest.mark.parametrize("kind", KINDS)
def test_ids_are_int64_and_begin_after_the_special_ones(kind: str) -> None:
    tokenizer = Tokenizer.train(kind, TEXTS)
    assert tokenizer.vocabulary[:4] == ("<pad>", "<s>", "</s>", "<unk>")
    specials = (tokenizer.pad_id, tokenizer.bos_id, tokenizer.eos_id, tokenizer.unk_id)
    assert specials == (0, 1, 2, 3)
    ids = tokenizer.encode(TEXTS[0])
    assert ids.dtype == np.int64
    assert ids.ndim == 1
    assert 4 <= ids.min() <= ids.max() < len(tokenizer) == len(tokenizer.vocabulary)
    assert tokenizer.encode("").shape == (0,)
    assert tokenizer.decode([]) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_there_and_back(kind: str) -> None:
    tokenizer = Tokenizer.train(kind, TEXTS)
    for text in TEXTS:
        assert tokenizer.decode(tokenizer.encode(text)) == text
        assert tokenizer.unknown(text) == []


@pytest.mark.parametrize("kind", KINDS)
def test_many_texts_at_once_have_the_ids_of_each(kind: str) -> None:
    tokenizer = Tokenizer.train(kind, TEXTS)
    texts = [*TEXTS, "", "a dog?"]
    together = tokenizer.encode_all(texts)
    assert all(ids.dtype == np.int64 for ids in together)
    for ids, text in zip(together, texts, strict=True):
        np.testing.assert_array_equal(ids, tokenizer.encode(text))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_texts_give_the_same_ids_in_every_process(kind: str) -> None:
    code = (
        "import sys, json; from chainrule.data import Tokenizer; kind, texts = json.load(sys.stdin); "
        "print(json.dumps(Tokenizer.train(kind, texts, vocabulary=60 if kind == 'bpe' else None).to_json()))"
    )
    here = Tokenizer.train(kind, TEXTS, vocabulary=60 if kind == "bpe" else None)
    there = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps([kind, TEXTS]),
        env={**os.environ, "PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert Tokenizer.from_json(json.loads(there.stdout)) == here


@pytest.mark.parametrize("kind", KINDS)
def test_json_and_back_changes_nothing(kind: str) -> None:
    tokenizer = Tokenizer.train(kind, TEXTS)
    read = Tokenizer.from_json(json.loads(json.dumps(tokenizer.to_json())))
    assert read == tokenizer
    np.testing.assert_array_equal(read.encode("A girl, a dög"), tokenizer.encode("A girl, a dög"))


# ------------------------------------------------------------ the kinds


def test_characters_are_kept_to_the_last_space() -> None:
    text = " a  b\n\tc\r\u00a0é e\u0301 😀 "
    tokenizer = Tokenizer.train("chars", [text])
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert len(tokenizer.encode(text)) == len(text)


def test_frequent_tokens_come_first_then_the_alphabet() -> None:
    assert Tokenizer.train("chars", ["cbcab", "c"]).vocabulary[4:] == ("c", "b", "a")
    assert Tokenizer.train("words", ["b b a", "c a d"]).vocabulary[4:] == ("a", "b", "c", "d")
    assert Tokenizer.train("pieces", ["x@@ y", "z y"]).vocabulary[4:] == ("y", "x@@", "z")


def test_words_are_told_from_marks() -> None:
    tokenizer = Tokenizer.train("words", TEXTS)
    words = "She didn't pay 3.50 for the e-mail (a girl , a dog) !"
    expected = [
        "She", "didn't", "pay", "3.50", "for", "the", "e-mail", "(", "a", "girl", ",", "a", "dog", ")", "!",
    ]  # fmt: skip
    ids = tokenizer.encode(words)
    assert tokenizer.tokens(ids) == expected
    assert tokenizer.decode(ids) == "She didn't pay 3.50 for the e-mail (a girl, a dog)!"


def test_byte_pairs_are_merged_by_frequency() -> None:
    # low: l o w, o w is in lower, lowest, low, slow, slower
    tokenizer = Tokenizer.train("bpe", ["low lower lowest slow slower slowly"], vocabulary=4 + 9 + 2)
    assert tokenizer.vocabulary[4:13] == ("e", "l", "o", "r", "s", "t", "w", "y", "▁")
    assert tokenizer.merges == (("l", "o"), ("lo", "w"))
    assert tokenizer.tokens(tokenizer.encode("slow lot")) == ["▁", "s", "low", "▁", "lo", "t"]


def test_byte_pairs_never_cross_a_space_or_a_mark() -> None:
    tokenizer = Tokenizer.train("bpe", ["the end. " * 50, "the end, " * 50])
    assert tokenizer.tokens(tokenizer.encode("the end.")) == ["▁the", "▁end", "."]
    assert tokenizer.decode(tokenizer.encode("  the\n\tend  ,the end")) == "the end ,the end"


def test_letters_that_look_alike_are_the_same() -> None:
    for kind in ("words", "bpe"):
        tokenizer = Tokenizer.train(kind, ["caf\u00e9"])
        assert tokenizer.unknown("cafe\u0301") == []
        assert tokenizer.decode(tokenizer.encode("cafe\u0301")) == "caf\u00e9"


def test_pieces_are_joined() -> None:
    tokenizer = Tokenizer.train("pieces", ["a giant pul@@ ley system", "ge@@ l@@ ände"])
    ids = tokenizer.encode("a pul@@ ley ge@@ l@@ ände")
    assert tokenizer.tokens(ids) == ["a", "pul@@", "ley", "ge@@", "l@@", "ände"]
    assert tokenizer.decode(ids) == "a pulley gelände"
    assert tokenizer.decode(ids[:2]) == "a pul"  # cut off in the middle of a word


# ------------------------------------------------------------ what is not known


@pytest.mark.parametrize(
    ("kind", "unknown", "decoded"),
    [
        ("chars", ["☃", "ö"], "A little <unk><unk>, <unk> girl"),
        ("words", ["☃", "ö"], "A little <unk> <unk>, <unk> girl"),
        ("bpe", ["☃", "ö"], "A little <unk><unk>, <unk> girl"),
        ("pieces", ["☃☃,", "ö"], "A little <unk> <unk> girl"),
    ],
)
def test_the_unknown_parts_of_a_text_are_told(kind: str, unknown: list[str], decoded: str) -> None:
    tokenizer = Tokenizer.train(kind, TEXTS)
    text = "A little ☃☃, ö girl"
    assert tokenizer.unknown(text) == unknown
    assert tokenizer.decode(tokenizer.encode(text)) == decoded


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_cannot_spell_a_special_token(kind: str) -> None:
    texts = ["<pad> <s> a </s> <unk> b"] * 3
    ids = Tokenizer.train(kind, texts).encode(texts[0])
    assert not set(ids.tolist()) & {0, 1, 2}


@pytest.mark.parametrize("kind", KINDS)
def test_special_tokens_are_left_out_of_texts_and_shown_in_pictures(kind: str) -> None:
    tokenizer = Tokenizer.train(kind, ["a"])
    ids = [1, *tokenizer.encode("a"), 3, 2, 0, 0]
    assert tokenizer.tokens(ids)[0] == "<s>"
    assert tokenizer.tokens(ids)[-4:] == ["<unk>", "</s>", "<pad>", "<pad>"]
    assert tokenizer.decode(ids).replace(" ", "") == "a<unk>"


# ------------------------------------------------------------ sizes


@pytest.mark.parametrize("kind", ["chars", "words", "pieces"])
def test_rare_tokens_can_be_left_out(kind: str) -> None:
    texts = ["a b", "a c", "b a"]
    assert Tokenizer.train(kind, texts, vocabulary=6).vocabulary[4:] == (
        (" ", "a") if kind == "chars" else ("a", "b")
    )
    frequent = Tokenizer.train(kind, texts, min_frequency=2)
    assert frequent.unknown("a b c") == ["c"]


def test_the_size_of_byte_pairs_counts_all_ids() -> None:
    assert len(Tokenizer.train("bpe", TEXTS, vocabulary=64)) == 64
    with pytest.raises(
        ValueError, match=r"have (\d\d) different characters: .*vocabulary= must be \d\d or more, got 12"
    ):
        Tokenizer.train("bpe", TEXTS, vocabulary=12)


# ------------------------------------------------------------ errors


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("texts", [[], [""], ["", ""]])
def test_nothing_to_train_on(kind: str, texts: list[str]) -> None:
    with pytest.raises(ValueError, match="nothing to train a tokenizer on: the texts are empty"):
        Tokenizer.train(kind, texts)


def test_wrong_arguments() -> None:
    with pytest.raises(
        ValueError, match="'letters' is no kind of tokenizer: there are chars, words, bpe, pieces"
    ):
        Tokenizer.train("letters", TEXTS)
    with pytest.raises(TypeError, match="expected several texts, a list of str, got one str"):
        Tokenizer.train("chars", "abc")
    with pytest.raises(ValueError, match="counts the 4 special tokens, so it must be > 4, got 4"):
        Tokenizer.train("words", TEXTS, vocabulary=4)
    with pytest.raises(ValueError, match="min_frequency must be >= 1, got 0"):
        Tokenizer.train("words", TEXTS, min_frequency=0)
    with pytest.raises(ValueError, match="the texts are empty, or nothing occurs 9 times"):
        Tokenizer.train("words", TEXTS, min_frequency=9)
    tokenizer = Tokenizer.train("words", TEXTS)
    with pytest.raises(TypeError, match="expects texts, got list"):
        tokenizer.encode(["a"])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"expects texts, got NoneType \(number 1\)"):
        tokenizer.encode_all(["a", None])  # type: ignore[list-item]
    with pytest.raises(ValueError, match=r"text 0, 'a\\udcff', holds bytes that were no UTF-8"):
        tokenizer.encode("a\udcff")


@pytest.mark.parametrize("method", [Tokenizer.decode, Tokenizer.tokens])
def test_ids_that_are_none(method: Callable[..., Any]) -> None:
    tokenizer = Tokenizer.train("chars", ["ab"])
    with pytest.raises(IndexError, match="id 6 at position 1 is no token: the vocabulary has 6 ids, 0 to 5"):
        method(tokenizer, [4, 6])
    with pytest.raises(IndexError, match="id -1 at position 0"):
        method(tokenizer, np.array([-1]))
    with pytest.raises(ValueError, match="ids of one text"):
        method(tokenizer, np.array([[4]]))
    with pytest.raises(TypeError, match="integers, got float64"):
        method(tokenizer, np.array([4.0]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": None}, "there is no 'kind'"),
        ({"kind": "letters"}, "'letters' is no kind"),
        ({"vocabulary": ["a", "b"]}, r"<pad>, <s>, </s>, <unk> and then its tokens, got 2 that begin"),
        ({"vocabulary": ["<pad>", "<s>", "</s>", "<unk>", "a", "a"]}, "holds a token twice"),
        ({"vocabulary": ["<pad>", "<s>", "</s>", "<unk>", 5]}, "a token is no text"),
        ({"vocabulary": 7}, "not iterable"),
        ({"merges": [["a", "☃"]]}, "the merge of 'a' and '☃' does not fit the vocabulary"),
        ({"merges": [["a"]]}, "not enough values"),
    ],
)  # fmt: skip
def test_a_damaged_json_is_named_as_such(change: dict[str, Any], message: str) -> None:
    content = Tokenizer.train("bpe", TEXTS).to_json() | change
    content = {key: value for key, value in content.items() if value is not None}
    with pytest.raises(ValueError, match=rf"not the JSON of a tokenizer, or it is damaged: .*{message}"):
        Tokenizer.from_json(content)


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = Tokenizer.train("chars", ["ab"])
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(
        ImportError, match=r"a tokenizer needs the package tokenizers: pip install 'chainrule\[tr"
    ):
        Tokenizer.train("chars", ["ab"])
    read = Tokenizer.from_json(tokenizer.to_json())
    assert read.decode([4, 5]) == "ab"  # reading needs nothing


# ------------------------------------------------------------ the published pieces


def test_the_joint_vocabulary_of_multi30k(data_root: Path) -> None:
    import gzip

    folder = data_root / "multi30k-bpe-wu2021" / "en-de"
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}")
    english, german = (
        gzip.decompress((folder / f"train.{side}.gz").read_bytes()).decode().splitlines()
        for side in ("en", "de")
    )
    tokenizer = Tokenizer.train("pieces", english + german)
    assert len(tokenizer) == 9_708 + 4
    assert tokenizer.vocabulary[4:9] == (".", "a", "in", "ein", "einem")
    assert sum(map(len, tokenizer.encode_all(english))) == 397_793
