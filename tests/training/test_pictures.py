"""Pictures of a run: they appear, also where there is little to show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.training import Evaluation, Record
from chainrule.training.fonts import readable
from chainrule.training.pictures import alignment, confusion_matrix, learning_curves, worst_mistakes

pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install 'chainrule[train]'")

CLASSES = ("cat", "dog", "a bird of some kind")


def evaluation(wrong: int, count: int = 11) -> Evaluation:
    """So many wrong answers, with the first one the surest."""
    labels = np.arange(count) % 3
    logits = np.eye(3, dtype=np.float32)[labels]
    logits[:wrong] = np.roll(logits[:wrong], 1, axis=1) * np.linspace(9, 5, wrong, dtype=np.float32)[:, None]
    accuracy = float((logits.argmax(1) == labels).mean())
    return Evaluation(0.5, accuracy, logits, labels)


def records(count: int, validation: bool) -> list[Record]:
    history: list[Record] = [
        {"epoch": e, "train_loss": 1 / e, "train_accuracy": 1 - 1 / e} for e in range(1, count + 1)
    ]
    more: dict[str, Any] = {"validation_loss": 0.6, "validation_accuracy": 0.7}
    return [record | more for record in history] if validation else history


def assert_is_png(path: Path) -> None:
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [p.name for p in path.parent.iterdir()] == [path.name], "something else was left there"


@pytest.mark.parametrize("validation", [True, False])
@pytest.mark.parametrize("epochs", [1, 12])
def test_learning_curves(epochs: int, validation: bool, tmp_path: Path) -> None:
    learning_curves(records(epochs, validation), tmp_path / "curves.png")
    assert_is_png(tmp_path / "curves.png")


def test_confusion_matrix(tmp_path: Path) -> None:
    confusion_matrix(evaluation(wrong=4), CLASSES, tmp_path / "confusion.png")
    assert_is_png(tmp_path / "confusion.png")


def test_a_class_that_has_no_test_images_stays_an_empty_row(tmp_path: Path) -> None:
    confusion_matrix(evaluation(wrong=4), (*CLASSES, "unicorn"), tmp_path / "confusion.png")
    assert_is_png(tmp_path / "confusion.png")


@pytest.mark.parametrize("wrong", [0, 1, 8, 9])
@pytest.mark.parametrize("channels", [1, 3])
def test_worst_mistakes(wrong: int, channels: int, tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (11, channels, 6, 5)).astype(np.uint8)
    images[0] = 7  # a picture without contrast
    worst_mistakes(evaluation(wrong), images, CLASSES, tmp_path / "mistakes.png")
    assert_is_png(tmp_path / "mistakes.png")


def test_the_surest_mistakes_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr("chainrule.training.pictures._save", lambda figure, path: drawn.append(figure))
    worst_mistakes(evaluation(wrong=5), np.zeros((11, 1, 6, 5)), CLASSES, tmp_path / "mistakes.png", most=3)
    (figure,) = drawn
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert [title.splitlines()[0] for title in titles] == [
        "cat → dog",
        "dog → a bird of some kind",
        "a bird of some kind → cat",
    ]
    sure = [int(title.splitlines()[1].rstrip("%")) for title in titles]
    assert sure == sorted(sure, reverse=True)
    assert figure.get_suptitle() == "5 of 11 wrong; the 3 worst: true → predicted"


def test_the_suffix_says_which_format(tmp_path: Path) -> None:
    learning_curves(records(2, True), tmp_path / "curves.svg")
    assert "<svg" in (tmp_path / "curves.svg").read_text()


def test_rare_classes_are_seen_beside_frequent_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr("chainrule.training.pictures._save", lambda figure, path: drawn.append(figure))
    labels = np.repeat([0, 1, 2], [1000, 4, 0])
    logits = np.eye(3)[np.append(labels[:-3], [0, 0, 0])]  # of the rare class, 1 of 4 is found
    evaluation = Evaluation(0.5, 1001 / 1004, logits, labels)
    confusion_matrix(evaluation, CLASSES, tmp_path / "confusion.png", samples="names")
    (figure,) = drawn
    (axes,) = figure.axes
    np.testing.assert_allclose(axes.images[0].get_array(), [[1, 0, 0], [0.75, 0.25, 0], [0, 0, 0]])
    assert [text.get_text() for text in axes.texts] == ["1000", "3", "1"]
    assert axes.get_title() == "accuracy 99.70% of 1,004 names\non average 62.5% of each class"
    (right,) = axes.child_axes
    assert [label.get_text() for label in right.get_yticklabels()] == ["100% of 1,000", "25% of 4", "none"]


# ------------------------------------------------------------ where a translation model looked


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (["3", "年", "␣", "</s>"], ["2", "0", "0", "3", "</s>"]),
        (["▁четверг", "$x$", "हिन्दी", "a" * 30], ["</s>"]),
    ],
)
def test_an_alignment_in_any_script(source: list[str], target: list[str], tmp_path: Path) -> None:
    """A glyph that no font has would be a warning, and tests take warnings for errors."""
    weights = np.random.default_rng(0).dirichlet(np.ones(len(source)), len(target))
    alignment(weights, source, target, tmp_path / "alignment.png")
    assert_is_png(tmp_path / "alignment.png")


def test_what_no_font_has_is_written_as_its_code_point() -> None:
    nobody_has_it = "\U000f1234"  # for private use
    labels, families = readable(["четверг", f"a{nobody_has_it}", nobody_has_it * 5, " "])
    assert families == ["DejaVu Sans"]
    assert labels == ["четверг", "aU+F1234", "U+F1234" * 3 + "…", " "]


def test_another_font_is_taken_where_it_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    from chainrule.training import fonts

    has = {
        "own": frozenset("abc"),
        "some": frozenset("年"),
        "more": frozenset("年月"),
        "other": frozenset("日a"),
    }
    monkeypatch.setattr(fonts, "_path_of", lambda family: "own")
    monkeypatch.setattr(
        fonts, "_installed", lambda: tuple((name.title(), name) for name in has if name != "own")
    )
    monkeypatch.setattr(fonts, "_characters", has.__getitem__)
    assert readable(["a年", "月", "日", "x"]) == (
        ["a年", "月", "日", "U+0078"],
        ["DejaVu Sans", "More", "Other"],
    )
