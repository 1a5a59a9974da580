"""Text files, good ones and others."""

from pathlib import Path

import pytest

from chainrule.data.text_files import read_text


def test_line_endings_and_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("\ufeffé\r\nb\rc\n".encode())
    assert read_text(tmp_path / "a.txt") == "é\nb\nc\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"one\ntwo\nth\xffree", "a.txt, line 3: byte 0xff is no UTF-8"),
        (b"one\nt\x00wo", "a.txt is no text file: there is a zero byte in line 2"),
    ],
)
def test_the_line_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_text(tmp_path / "a.txt")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no file .*gone"):
        read_text(tmp_path / "gone.txt")
    with pytest.raises(ValueError, match="is a folder: pass one text file"):
        read_text(tmp_path)
