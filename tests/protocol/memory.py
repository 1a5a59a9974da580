"""The same numbers in other places of memory: a backward may not care how its arrays are laid out."""

from __future__ import annotations

from typing import Any

import numpy as np


def fortran(array: Any) -> Any:
    """First axis fastest."""
    return np.asfortranarray(array)


def channels_last(array: Any) -> Any:
    """Axis 1 fastest: (batch, channels, ...) in shape, (batch, ..., channels) in memory."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1) if array.ndim > 2 else array


def strided(array: Any) -> Any:
    """Every second number of a larger array: no axis is contiguous. The gaps are filled with rubbish."""
    if not array.ndim:
        return array
    roomy = np.full((*array.shape[:-1], 2 * array.shape[-1]), 77, dtype=array.dtype)
    roomy[..., ::2] = array
    return roomy[..., ::2]


def backwards(array: Any) -> Any:
    """Negative strides: the last number comes first in memory."""
    return (
        np.ascontiguousarray(np.flip(array))[(slice(None, None, -1),) * array.ndim] if array.ndim else array
    )


ORDERS = {
    "Fortran order": fortran,
    "channels-last": channels_last,
    "strided": strided,
    "negative strides": backwards,
}
