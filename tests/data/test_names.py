"""Names with labels: reading, repetitions, and a split that no name crosses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chainrule.data import NameDataset, download, load_names, names


def folder_of(path: Path, **files: str) -> Path:
    for label, content in files.items():
        (path / f"{label}.txt").write_text(content, encoding="utf-8")
    return path


def pairs(*parts: NameDataset) -> list[tuple[str, str]]:
    return [
        (name, part.classes[label])
        for part in parts
        for name, label in zip(part.names, part.labels.tolist(), strict=True)
    ]


def test_a_folder(tmp_path: Path) -> None:
    folder_of(tmp_path, Dutch="Aalst\n Bakker \n\nCools\n", Czech="\ufeffAbl\r\nBúta\r\n")
    (tmp_path / "SOURCE.md").write_text("not a list of names")
    splits = load_names(tmp_path)
    assert sorted(pairs(*splits)) == [
        ("Aalst", "Dutch"), ("Abl", "Czech"), ("Bakker", "Dutch"), ("Búta", "Czech"), ("Cools", "Dutch"),
    ]  # fmt: skip
    assert splits.train.classes == ("Czech", "Dutch")
    assert splits.train.labels.dtype == np.int64


@pytest.mark.parametrize(
    ("filename", "content"),
    [
        ("a.tsv", 'Aalst\tDutch\nBakker\tDutch\n\nAbl\tCzech\nO"Byl\tCzech\n'),
        ("a.csv", 'surname,language\nAalst,Dutch\n Bakker ,Dutch\n"Abl",Czech\n"O""Byl",Czech\n'),
    ],
)
def test_a_table(tmp_path: Path, filename: str, content: str) -> None:
    (tmp_path / filename).write_text(content)
    expected = [("Aalst", "Dutch"), ("Abl", "Czech"), ("Bakker", "Dutch"), ('O"Byl', "Czech")]
    assert sorted(pairs(*load_names(tmp_path / filename))) == expected


def test_a_name_counts_once_per_label_and_all_its_labels_are_on_one_side(tmp_path: Path) -> None:
    shared = "".join(f"Shared{i}\nshared{i}\nSHARED{i}\n" for i in range(30))
    own = "".join(f"{{0}}{i}\n{{0}}{i}\n" for i in range(20))
    folder_of(tmp_path, A=own.format("a") + shared, B=own.format("b") + shared, C=own.format("c") + shared)
    for seed in range(5):
        splits = load_names(tmp_path, test_fraction=0.3, seed=seed)
        both = pairs(*splits)
        assert len(both) == len(set(both)) == 3 * (20 + 3 * 30)
        train, test = ({name.casefold() for name in part.names} for part in splits)
        assert not train & test
        assert np.bincount(splits.test.labels).tolist() == pytest.approx([33, 33, 33], abs=8)


def test_letters_that_look_alike_are_the_same(tmp_path: Path) -> None:
    decomposed, composed = "Bu\u0301ta", "B\u00fata"
    folder_of(tmp_path, A=f"{decomposed}\n{composed}\nother\n", B="x\ny\n")
    both = pairs(*load_names(tmp_path))
    assert sorted(name for name, label in both if label == "A") == [composed, "other"]


def test_every_class_keeps_its_share_and_rare_ones_are_on_both_sides(tmp_path: Path) -> None:
    sizes = {"A": 500, "B": 40, "C": 2}
    folder_of(tmp_path, **{c: "".join(f"{c}{i}\n" for i in range(n)) for c, n in sizes.items()})
    splits = load_names(tmp_path, test_fraction=0.1)
    assert np.bincount(splits.test.labels).tolist() == [50, 4, 1]
    assert np.bincount(splits.train.labels).tolist() == [450, 36, 1]


def test_the_seed_decides(tmp_path: Path) -> None:
    folder_of(tmp_path, A="".join(f"a{i}\n" for i in range(50)), B="".join(f"b{i}\n" for i in range(50)))
    first, again, other = (load_names(tmp_path, seed=seed) for seed in (0, 0, 1))
    assert first.test.names == again.test.names != other.test.names
    assert first.fingerprint() == again.fingerprint() != other.fingerprint()


def test_a_part_for_validation_is_split_off_in_the_same_way(tmp_path: Path) -> None:
    both = "".join(f"x{i}\n" for i in range(50))
    folder_of(tmp_path, A=both, B=both)
    train, _ = load_names(tmp_path)
    rest, validation = train.split(0.25)
    assert sorted(pairs(rest, validation)) == sorted(pairs(train))
    assert not set(rest.names) & set(validation.names)
    assert np.bincount(validation.labels).tolist() == [10, 10]


# ------------------------------------------------------------ errors


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Abl\nAb\tl\n", r"B.txt, line 2: one name per line expected, but 'Ab\\tl' holds '\\t'"),
        ("Abl\n\n" + "x" * 101, "B.txt, line 3: one name per line expected, found 101 characters"),
        ("\n \n", "B.txt: there are no names in it"),
        ("Abl\n", "B has 1 different samples, too few to be on both sides"),
        ("Abl\nAbl\nABL\n", "B has 1 different samples"),
    ],
)
def test_the_file_and_the_line_are_named(tmp_path: Path, content: str, message: str) -> None:
    folder_of(tmp_path, A="Aalst\nBakker\nCools\n", B=content)
    with pytest.raises(ValueError, match=message):
        load_names(tmp_path)


@pytest.mark.parametrize(
    ("filename", "content", "message"),
    [
        (
            "a.tsv",
            "Abl\tCzech\nBakker Dutch\n",
            r"a.tsv, line 2: expected 2 columns, .* found 1: \['Bakker D",
        ),
        (
            "a.csv",
            "Abl,Czech\n\nAalst,Dutch,3\n",
            "a.csv, line 3: expected 2 columns, name and label, found 3",
        ),
        ("a.csv", "Abl,Czech\n,Dutch\n", "a.csv, line 2: the name is empty"),
        ("a.csv", "Abl,\n", "a.csv, line 1: the label is empty"),
        ("a.csv", "Abl,Czech\nName,Czech\n", "at least two different labels, found only 'Czech'"),
        ("a.csv", "", "at least two different labels, found none"),
        ("a.json", "[]", r"expected a table \(.tsv or .csv\)"),
    ],
)
def test_tables_that_are_none(tmp_path: Path, filename: str, content: str, message: str) -> None:
    (tmp_path / filename).write_text(content)
    with pytest.raises(ValueError, match=message):
        load_names(tmp_path / filename)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no file or folder .*gone"):
        load_names(tmp_path / "gone")
    with pytest.raises(ValueError, match=r"expected one file LABEL\.txt for each label, found none"):
        load_names(tmp_path)


def test_labels_that_share_all_their_names_cannot_be_split(tmp_path: Path) -> None:
    folder_of(tmp_path, A="x\n", B="x\n" + "".join(f"b{i}\n" for i in range(9)))
    with pytest.raises(ValueError, match="A has 1 different samples"):
        load_names(tmp_path)


@pytest.mark.parametrize("fraction", [0.0, 1.0, 20])
def test_the_fraction_must_be_one(tmp_path: Path, fraction: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        load_names(folder_of(tmp_path, A="a\nb\n", B="c\nd\n"), test_fraction=fraction)


def test_offline_without_files_the_error_names_one(
    nothing_stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pooch", reason="downloads need pooch")
    monkeypatch.setattr(names, "MIRROR", "http://127.0.0.1:9/")
    with pytest.raises(
        OSError, match=r"Arabic.txt could not be downloaded(.|\n)*names-by-language/Arabic.txt"
    ):
        load_names()


# ------------------------------------------------------------ the real ones


def test_the_real_names(data_root: Path) -> None:
    splits = load_names()
    assert len(splits.train.classes) == 18
    assert len(splits.train) + len(splits.test) == 18_012
    counts = np.bincount(splits.train.labels) + np.bincount(splits.test.labels)
    assert (counts.min(), counts.max()) == (71, 9340)  # Vietnamese and Russian
    np.testing.assert_allclose(np.bincount(splits.test.labels) / counts, 0.2, atol=0.02)
    assert not {name.casefold() for name in splits.train.names} & {n.casefold() for n in splits.test.names}


def test_the_checksums_are_those_of_the_original_files(data_root: Path, nothing_stored: Path) -> None:
    pytest.importorskip("pooch", reason="downloads need pooch")
    nothing_stored.mkdir()
    folder = nothing_stored / names.FOLDER
    folder.mkdir()
    for filename, sha256 in names.SHA256.items():
        (folder / filename).write_bytes((data_root / names.FOLDER / filename).read_bytes())
        assert download.fetch(["http://127.0.0.1:9/"], filename, sha256, folder).is_file()
    assert len(names.SHA256) == 18
