"""Pairs of texts: where they come from, and a split that no source crosses."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pytest

from chainrule.data import Pairs, eng_fra, load_pairs, multi30k, split_by_source


def table(path: Path, lines: list[str]) -> Path:
    path.write_bytes("\n".join(lines).encode())
    return path


def lines(count: int) -> list[str]:
    return [f"source {i}\ttarget {i}" for i in range(count)]


# ------------------------------------------------------------ pairs and their split


def test_pairs_belong_together() -> None:
    pairs = Pairs(("a", "b", "c"), ("A", "B", "C"), ("small", "large"))
    assert len(pairs) == 3
    assert pairs.subset(np.array([2, 0])) == Pairs(("c", "a"), ("C", "A"), ("small", "large"))
    assert repr(pairs) == "Pairs: 3 from small to large"
    with pytest.raises(
        ValueError, match="as many sources as targets: there are 1 English and 2 German texts"
    ):
        Pairs(("a",), ("A", "B"), ("English", "German"))


def test_the_same_source_is_in_one_part() -> None:
    same = ("Café", "café", "CAFE\u0301")  # in upper and lower case, however the accent was typed
    source = tuple(f"{word} {i}" for i in range(200) for word in same)
    pairs = Pairs(source, tuple(map(str, range(600))))
    for seed in range(5):
        splits = split_by_source(pairs, "coffee", "a cup", seed)
        parts = (splits.train, splits.validation, splits.test)
        assert [len(part) for part in parts] == [540, 30, 30]
        assert [len({text.split()[1] for text in part.source}) for part in parts] == [180, 10, 10]
        targets = [list(map(int, part.target)) for part in parts]
        assert sorted(number for numbers in targets for number in numbers) == list(range(600))
        assert all(numbers == sorted(numbers) for numbers in targets)


def test_no_part_for_testing_is_larger_than_needed() -> None:
    source = tuple(map(str, range(50_000)))
    splits = split_by_source(Pairs(source, source), "numbers", "counting")
    assert (len(splits.validation), len(splits.test)) == (2000, 2000)


def test_the_seed_decides(tmp_path: Path) -> None:
    path = table(tmp_path / "mine.tsv", lines(100))
    first, again, other = (load_pairs(path, seed) for seed in (0, 0, 1))
    assert first.test == again.test != other.test
    assert first.fingerprint() == again.fingerprint() != other.fingerprint()


# ------------------------------------------------------------ a table of one's own


def test_a_table(tmp_path: Path) -> None:
    content = ["\ufeffa  word \t ein Wort\r", "", *lines(30), "cafe\u0301\tKaffee"]
    splits = load_pairs(str(table(tmp_path / "mine.tsv", content)))
    pairs = {
        pair
        for part in (splits.train, splits.validation, splits.test)
        for pair in zip(part.source, part.target, strict=True)
    }
    assert pairs >= {("a word", "ein Wort"), ("caf\u00e9", "Kaffee"), ("source 29", "target 29")}
    assert len(pairs) == 32
    assert (splits.name, splits.languages) == ("mine", ("source", "target"))
    assert repr(splits) == "PairSplits mine: 28 + 2 + 2 pairs from source to target"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"one column", r"line 3: expected 2 columns, .* a tab between, found 1: 'one column'"),
        (b"one\ttwo\tthree", "line 3: expected 2 columns, .* found 3"),
        (b"x" * 100, r"line 3: .* found 1: 'x{60}\.\.\.'"),
        (b" \ttwo", "line 3: the source is empty"),
        (b"one\t ", "line 3: the target is empty"),
        (b"one\t\xff", "line 3: byte 0xff is no UTF-8"),
    ],
)
def test_the_file_and_the_line_are_named(tmp_path: Path, line: bytes, message: str) -> None:
    path = tmp_path / "mine.tsv"
    path.write_bytes(b"a\tb\n\n" + line + b"\nc\td\n")
    with pytest.raises(ValueError, match=rf"mine\.tsv, {message}"):
        load_pairs(path)


def test_too_few_lines(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"mine\.tsv is empty: expected lines with a source, a tab and a target"
    ):
        load_pairs(table(tmp_path / "mine.tsv", [""]))
    repeated = [*lines(19), *lines(19)]
    with pytest.raises(
        ValueError, match=r"mine\.tsv has 19 different sources, too few to learn from: 20 are"
    ):
        load_pairs(table(tmp_path / "mine.tsv", repeated))


def test_what_is_neither_a_name_nor_a_file(tmp_path: Path) -> None:
    with pytest.raises(
        FileNotFoundError,
        match=r"'wmt14' is neither a data set \(dates, multi30k, multi30k-bpe, eng-fra\) nor a file",
    ):
        load_pairs("wmt14")
    with pytest.raises(ValueError, match="is a folder: pass one text file"):
        load_pairs(tmp_path)


def test_dates_by_their_name() -> None:
    pytest.importorskip("babel", reason="Babel has the names of the months")
    assert load_pairs().name == "dates"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("multi30k:en-it", "multi30k has no direction 'en-it': there are en-de, de-en, en-fr"),
        ("multi30k-bpe:de-fr", "multi30k-bpe has no direction 'de-fr': there are en-de"),
        ("eng-fra:", "eng-fra has no direction '': there are en-fr, fr-en"),
        ("dates:en-de", "dates has no direction 'en-de': it has one only: pass its name alone"),
    ],
)
def test_directions_that_do_not_exist(data: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_pairs(data)


# ------------------------------------------------------------ Multi30k


@pytest.fixture
def small_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with small files of the same names."""
    root = tmp_path / "data"
    (root / "multi30k").mkdir(parents=True)
    (root / "multi30k-bpe-wu2021" / "en-de").mkdir(parents=True)
    for count, (part, bpe_part) in enumerate(zip(multi30k.PARTS, multi30k.BPE_PARTS, strict=True), start=1):
        for language in ("en", "de", "fr"):
            text = "".join(f"{part} {language} {i} \n" for i in range(count)).encode()
            (root / "multi30k" / f"{part}.{language}.gz").write_bytes(gzip.compress(text))
        for language in ("en", "de"):
            (root / "multi30k-bpe-wu2021" / "en-de" / f"{bpe_part}.{language}").write_text(
                f"{language}@@ x\n"
            )
    monkeypatch.setenv("CHAINRULE_DATA", str(root))
    return root


@pytest.mark.usefixtures("small_data")
def test_lines_are_read_side_by_side() -> None:
    splits = load_pairs("multi30k")
    assert splits.languages == ("English", "German")
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [1, 2, 3]
    assert splits.validation.source == ("val en 0", "val en 1")
    assert splits.validation.target == ("val de 0", "val de 1")
    assert splits.test.source[2] == "test_2016_flickr en 2"


@pytest.mark.usefixtures("small_data")
def test_the_direction_follows_the_name() -> None:
    splits = load_pairs("multi30k:fr-en")
    assert splits.languages == ("French", "English")
    assert splits.train == Pairs(("train fr 0",), ("train en 0",), ("French", "English"))
    pieces = load_pairs("multi30k-bpe:de-en")  # from the same folder, en-de
    assert (pieces.name, pieces.languages) == ("multi30k-bpe", ("German", "English"))
    assert pieces.train.source == ("de@@ x",)


def test_files_that_do_not_belong_together(small_data: Path) -> None:
    file = small_data / "multi30k" / "val.de.gz"
    file.write_bytes(gzip.compress(b"one\ntwo\nthree\n"))
    with pytest.raises(
        ValueError, match=r"val.en.gz and .*val.de.gz do not belong together: .* 2 and 3 lines"
    ):
        load_pairs("multi30k")
    file.write_bytes(gzip.compress(b"one\n\n"))
    with pytest.raises(ValueError, match=r"val.de.gz, line 2 is empty"):
        load_pairs("multi30k")
    file.write_bytes(gzip.compress(b"one\ntwo\n")[:-9])
    with pytest.raises(ValueError, match=r"val.de.gz is a truncated or damaged gzip file"):
        load_pairs("multi30k")


def test_multi30k_offline(nothing_stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pooch", reason="downloads need pooch")
    monkeypatch.setattr(multi30k, "MIRROR", "http://127.0.0.1:9/")
    with pytest.raises(OSError, match=r"train.en.gz could not be downloaded(.|\n)*multi30k/train.en.gz"):
        load_pairs("multi30k")


def test_pieces_that_are_not_there(
    nothing_stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = r"no train\.en in {}.*: these texts are not downloaded; copy data/multi30k-en-fr of https://"
    with pytest.raises(
        FileNotFoundError, match=message.format(r"\$CHAINRULE_DATA/.*, and CHAINRULE_DATA is not")
    ):
        load_pairs("multi30k-bpe:en-fr")
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=message.format(r"\S*multi30k-bpe-wu2021/en-fr")):
        load_pairs("multi30k-bpe:en-fr")


# ------------------------------------------------------------ English and French


def make_archive(root: Path, filename: str = "fra.txt") -> Path:
    (root / "eng-fra").mkdir(parents=True, exist_ok=True)
    rows = [f"Run {i}!\t{verb} {i}\u202f!" for i in range(40) for verb in ("Cours", "Courez")]
    path = root / "eng-fra" / "fra-eng.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(filename, "\n".join(rows) + "\n")
    return path


def test_english_and_french(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    make_archive(tmp_path)
    splits = load_pairs("eng-fra")
    assert splits.languages == ("English", "French")
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [72, 4, 4]
    assert not set(splits.train.source) & set(splits.test.source + splits.validation.source)
    back = load_pairs("eng-fra:fr-en")
    assert back.languages == ("French", "English")
    assert back.train.source[0].startswith("Cour")
    assert [len(part) for part in (back.train, back.validation, back.test)] == [72, 4, 4]


def test_an_archive_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    path = make_archive(tmp_path, "deu.txt")
    with pytest.raises(
        ValueError, match=r"fra-eng.zip is no zip archive with fra.txt in it, or it is damaged"
    ):
        load_pairs("eng-fra")
    path.write_bytes(b"<html>")
    with pytest.raises(ValueError, match=r"fra-eng.zip is no zip archive"):
        load_pairs("eng-fra")


# ------------------------------------------------------------ the real ones


def test_the_real_multi30k(data_root: Path) -> None:
    for data in ("multi30k", "multi30k-bpe"):
        splits = load_pairs(data)
        assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [
            29_000,
            1_014,
            1_000,
        ]
    assert (
        splits.train.target[0] == "zwei junge weiße männer sind im freien in der nähe viel@@ er bü@@ sche ."
    )


def test_the_real_english_and_french(data_root: Path) -> None:
    splits = load_pairs("eng-fra")
    assert len(splits.train) + len(splits.validation) + len(splits.test) == 142_787
    assert len({source.casefold() for source in splits.test.source}) == 2000


def test_the_checksums_are_those_of_the_original_files(data_root: Path, nothing_stored: Path) -> None:
    pytest.importorskip("pooch", reason="downloads need pooch")
    originals = {f"multi30k/{name}": sha256 for name, sha256 in multi30k.SHA256.items()}
    for name, sha256 in (originals | {"eng-fra/fra-eng.zip": eng_fra.SHA256}).items():
        file = nothing_stored / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes((data_root / name).read_bytes())
        assert multi30k.locate(file.parent.name, file.name, ["http://127.0.0.1:9/"], sha256) == file
