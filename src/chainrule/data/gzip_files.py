"""Files that may be gzipped."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

LOOKS_LIKE = {b"<!": "a web page", b"<h": "a web page", b"\x89P": "a PNG image", b"PK": "a zip archive"}


def looks_like(content: bytes) -> str:
    """What a file is that is not what it should be, in words."""
    return LOOKS_LIKE.get(content[:2], "something else")


def unzipped(path: Path, error: type[ValueError] = ValueError) -> bytes:
    """The content of a file, gzipped or not. Raises `error` for a damaged one, naming it."""
    content = path.read_bytes()
    if content[:2] != b"\x1f\x8b":
        if path.suffix == ".gz":
            raise error(
                f"{path} is no gzip file: it begins with {content[:4].hex(' ') or 'nothing'} and looks like "
                f"{looks_like(content)}"
            )
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise error(
            f"{path} is a truncated or damaged gzip file ({len(content)} bytes): {problem}; get it again"
        ) from None
