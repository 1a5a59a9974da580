"""IDX files: read as they are, refused with a reason."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from data.idx_files import TYPE_CODES, idx_bytes

from chainrule.data import IdxError, read_idx

PIXELS = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "images-idx3-ubyte.gz"


def test_gzipped_or_not(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(idx_bytes(PIXELS))
    (tmp_path / "zipped.gz").write_bytes(gzip.compress(idx_bytes(PIXELS)))
    for name in ("plain", "zipped.gz"):
        np.testing.assert_array_equal(read_idx(tmp_path / name), PIXELS)


@pytest.mark.parametrize("dtype", TYPE_CODES)
def test_every_type_comes_back_in_native_byte_order(tmp_path: Path, dtype: str) -> None:
    array = np.array([[1, 2], [100, 4]], dtype)
    (tmp_path / "a").write_bytes(idx_bytes(array))
    read = read_idx(tmp_path / "a")
    assert read.dtype == dtype
    assert read.dtype.isnative
    np.testing.assert_array_equal(read, array)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no-such-file"):
        read_idx(tmp_path / "no-such-file")


@pytest.mark.parametrize(
    ("content", "looks"),
    [
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b"PK\x03\x04", "a zip archive"),
    ],
)
def test_what_is_no_idx_file_is_recognized(tmp_path: Path, content: bytes, looks: str) -> None:
    for name in ("plain", "zipped.gz"):  # a web page saved under the file's name is the usual failure
        (tmp_path / name).write_bytes(content)
        with pytest.raises(IdxError, match=f"{name}.*looks like {looks}"):
            read_idx(tmp_path / name)


def test_a_gz_file_must_be_gzipped(file: Path) -> None:
    file.write_bytes(idx_bytes(PIXELS))
    with pytest.raises(IdxError, match="is no gzip file"):
        read_idx(file)


def test_a_truncated_gzip(file: Path) -> None:
    file.write_bytes(gzip.compress(idx_bytes(PIXELS))[:-9])
    with pytest.raises(IdxError, match="truncated or damaged gzip"):
        read_idx(file)


def test_a_damaged_gzip(file: Path) -> None:
    content = bytearray(gzip.compress(idx_bytes(PIXELS)))
    content[-6] ^= 1  # one bit of the checksum at the end
    file.write_bytes(bytes(content))
    with pytest.raises(IdxError, match="truncated or damaged gzip"):
        read_idx(file)


def test_a_truncated_payload_says_how_much_is_there(file: Path) -> None:
    file.write_bytes(gzip.compress(idx_bytes(PIXELS)[:-4]))
    with pytest.raises(
        IdxError, match=r"truncated: shape \(2, 3, 4\) takes 24 bytes, there are 20; get it again"
    ):
        read_idx(file)


def test_trailing_bytes(file: Path) -> None:
    file.write_bytes(gzip.compress(idx_bytes(PIXELS) + b"??"))
    with pytest.raises(IdxError, match=r"too long.* takes 24 bytes, there are 26"):
        read_idx(file)


def test_a_truncated_header(file: Path) -> None:
    file.write_bytes(gzip.compress(idx_bytes(PIXELS)[:10]))
    with pytest.raises(IdxError, match="10 bytes, its header alone takes 16"):
        read_idx(file)


@pytest.mark.parametrize("length", range(len(idx_bytes(PIXELS))))
def test_no_beginning_of_a_file_is_taken_for_the_whole(tmp_path: Path, length: int) -> None:
    (tmp_path / "part").write_bytes(idx_bytes(PIXELS)[:length])
    with pytest.raises(IdxError):
        read_idx(tmp_path / "part")
