"""The original files of MNIST: IDX, an array with a small header, usually gzipped.

    0x00 0x00, type, number of axes n | n sizes of 4 bytes, the first byte first | the numbers, the last axis
    runs fastest

(Described on Yann LeCun's MNIST page.)
"""

from __future__ import annotations

import struct
from math import prod
from pathlib import Path

import numpy as np

from chainrule.functions.arrays import Array

from .gzip_files import looks_like, unzipped

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


class IdxError(ValueError):
    """A file that should be IDX and is not, or not all of it."""


def read_idx(path: str | Path) -> Array:
    """The array in an IDX file, gzipped or not.

    Raises FileNotFoundError, or IdxError for a wrong magic number, a truncated file, or one with too many
    bytes.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    content = unzipped(path, IdxError)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in TYPES or content[3] == 0:
        raise IdxError(
            f"{path} is no IDX file: it begins with {content[:4].hex(' ') or 'nothing'} and looks like "
            f"{looks_like(content)}; "
            "expected 00 00, a type (08 for bytes) and the number of axes"
        )
    dtype, axes = np.dtype(TYPES[content[2]]), content[3]
    start = 4 + 4 * axes
    if len(content) < start:
        raise IdxError(f"{path} is truncated: {len(content)} bytes, its header alone takes {start}")
    shape = struct.unpack(f">{axes}I", content[4:start])
    expected, found = prod(shape) * dtype.itemsize, len(content) - start
    if found != expected:
        problem = "truncated" if found < expected else "too long"
        raise IdxError(
            f"{path} is {problem}: shape {shape} takes {expected} bytes, there are {found}; get it again"
        )
    return np.frombuffer(content, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))
