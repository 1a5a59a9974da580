"""Text files, read with errors that say what is wrong with them."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from .gzip_files import unzipped


def read_text(path: str | Path) -> str:
    """A whole UTF-8 file, gzipped or not, with or without a byte order mark; every line ends in one line
    feed.

    Raises FileNotFoundError, or ValueError that names the file, and the line where bytes are no UTF-8.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder: pass one text file")
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    return decode_text(unzipped(path), str(path))


def decode_text(content: bytes, path: str) -> str:
    """The text in the bytes of a file, as `read_text`; `path` is what an error calls it."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{path}, line {line}: byte 0x{content[error.start]:02x} is no UTF-8: save the text as UTF-8"
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise ValueError(f"{path} is no text file: there is a zero byte in line {line}")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def one_line(text: str) -> str:
    """A text as models read it, however it was typed: accented letters are one character each (Unicode NFC),
    any white space, line ends and tabs too, is one space, and there is none at the ends.
    """
    return " ".join(unicodedata.normalize("NFC", text.removeprefix("\ufeff")).split())
