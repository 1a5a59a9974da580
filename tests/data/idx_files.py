"""Writes IDX files, for tests that read them."""

import struct

import numpy as np

TYPE_CODES = {"uint8": 0x08, "int8": 0x09, "int16": 0x0B, "int32": 0x0C, "float32": 0x0D, "float64": 0x0E}


def idx_bytes(array: np.ndarray) -> bytes:
    """An array as an IDX file: 00 00, type, number of axes, sizes, numbers, all with the first byte first."""
    header = bytes([0, 0, TYPE_CODES[array.dtype.name], array.ndim]) + struct.pack(
        f">{array.ndim}I", *array.shape
    )
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()
