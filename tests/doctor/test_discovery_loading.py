"""Files in any state are read as far as they go, quietly, and freshly each time."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from chainrule.doctor.discovery import NotPython, discover
from chainrule.doctor.discovery.limits import TimeUp, time_limit
from chainrule.doctor.discovery.loading import load

LAYER = """
class {name}:
    def forward(self, x):
        return {factor} * x
    def backward(self, dy):
        return {factor} * dy
"""


def write(folder: Path, text: str, name: str = "mine.py") -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("data = open('nowhere.csv')", "line 7: FileNotFoundError"),
        ("import a_library_that_is_not_there", "line 7: ModuleNotFoundError"),
        ("answer = input('how many epochs? ')", "line 7: input() was called"),
        ("import sys; sys.exit(3)", "line 7: sys.exit() was called"),
    ],
)
def test_what_is_defined_around_a_failure_is_found(tmp_path: Path, statement: str, said: str) -> None:
    first, second = LAYER.format(name="First", factor=2), LAYER.format(name="Second", factor=3)
    discovered = discover(write(tmp_path, f"{first}{statement}\nprint(data)\n{second}"))
    assert [f.name for f in discovered] == ["First", "Second"]
    assert len(discovered.notes) == 1
    assert discovered.notes[0].startswith(said)


def test_training_at_import_is_cut_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.doctor.discovery.loading.IMPORT_SECONDS", 0.3)
    start = time.perf_counter()
    discovered = discover(
        write(
            tmp_path,
            LAYER.format(name="Net", factor=2)
            + "while True:\n    try:\n        1 / 0\n    except Exception:\n        pass\n",
        )
    )
    assert time.perf_counter() - start < 5
    assert [f.name for f in discovered] == ["Net"]
    assert "still running" in discovered.notes[0]


def test_a_block_that_is_no_python_yet_is_left_out(tmp_path: Path) -> None:
    text = (
        LAYER.format(name="First", factor=2)
        + "\nclass Half:\n    def forward(self, x:\n        return\n"
        + LAYER.format(name="Last", factor=2)
    )
    discovered = discover(write(tmp_path, text))
    assert [f.name for f in discovered] == ["First", "Last"]
    assert "line" in discovered.notes[0]


@pytest.mark.parametrize(
    ("name", "content"),
    [("notes.txt", b"hello"), ("binary.py", b"\xff\xfe\x00\x01"), ("words.py", b"this is no code")],
)
def test_what_is_no_python_is_said(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(NotPython, match=name):
        load(path)
    with pytest.raises(FileNotFoundError, match=r"nothing\.py"):
        load(tmp_path / "nothing.py")


def test_main_is_not_run_and_nothing_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "print('hello')\nif __name__ == '__main__':\n    raise RuntimeError\n" + LAYER.format(
        name="Net", factor=2
    )
    discovered = discover(write(tmp_path, text))
    assert not discovered.notes
    assert capsys.readouterr().out == ""


def test_modules_beside_the_file_are_imported_and_watched(tmp_path: Path) -> None:
    write(tmp_path, "FACTOR = 2\n", "neighbor_of_mine.py")
    path = write(
        tmp_path, "from neighbor_of_mine import FACTOR\n" + LAYER.format(name="Net", factor="FACTOR")
    )
    before = list(sys.path)
    assert [p.name for p in discover(path).files] == ["mine.py", "neighbor_of_mine.py"]
    assert sys.path == before
    write(tmp_path, "FACTOR = 5\n", "neighbor_of_mine.py")
    assert load(path).module.FACTOR == 5


def test_relative_imports_work(tmp_path: Path) -> None:
    package = tmp_path / "package_of_mine"
    package.mkdir()
    write(package, "FACTOR = 2\n", "numbers_of_mine.py")
    discovered = discover(
        write(
            package,
            "from .numbers_of_mine import FACTOR\n" + LAYER.format(name="Net", factor="FACTOR"),
            "net.py",
        )
    )
    assert not discovered.notes
    assert [f.name for f in discovered] == ["Net"]


def test_a_file_is_read_afresh(tmp_path: Path) -> None:
    path = write(tmp_path, LAYER.format(name="Net", factor=2))
    first = discover(path).found[0].subject
    write(tmp_path, LAYER.format(name="Net", factor=7))
    second = discover(path).found[0].subject
    assert (first.forward(1), second.forward(1)) == (2, 7)


def hang() -> None:
    while True:
        pass


def after_a_limit() -> None:
    with time_limit(5):
        pass
    hang()


def within_a_limit() -> None:
    with time_limit(5):
        hang()


@pytest.mark.parametrize("work", [hang, after_a_limit, within_a_limit])
def test_time_limits_nest(work: Callable[[], None]) -> None:
    with pytest.raises(TimeUp), time_limit(0.05):
        work()
