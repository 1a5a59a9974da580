"""New parameters and buffers: their dtype, and the default of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from chainrule.functions.arrays import Array

from .parameter import Buffer, Parameter

_default_dtype: ContextVar[str] = ContextVar("default_dtype", default="float32")


@contextmanager
def default_dtype(dtype: Any) -> Iterator[None]:
    """Layers made inside the block hold this dtype: float32 to train (the default), float64 to check
    gradients.
    """
    token = _default_dtype.set(_floating(dtype).name)
    try:
        yield
    finally:
        _default_dtype.reset(token)


def new_parameter(shape: tuple[int, ...], dtype: Any = None) -> Parameter:
    """A parameter of zeros, to be filled by an initializer. Raises ValueError if a size is below 1."""
    if any(size < 1 for size in shape):
        raise ValueError(f"sizes must be at least 1, got {shape}")
    return Parameter(np.zeros(shape, _default_dtype.get() if dtype is None else _floating(dtype)))


def new_buffer(shape: tuple[int, ...], dtype: Any = None, value: float = 0.0) -> Buffer:
    """A buffer filled with `value`; here an integer dtype is fine, too."""
    return Buffer(np.full(shape, value, _default_dtype.get() if dtype is None else dtype))


def optional_data(holder: Parameter | None) -> Array | None:
    """The array of a parameter that may not exist, such as a bias."""
    return None if holder is None else holder.data


def _floating(dtype: Any) -> np.dtype[Any]:
    wanted: np.dtype[Any] = np.dtype(dtype)
    if wanted.kind != "f":
        raise TypeError(f"parameters need a floating point dtype, got {wanted}")
    return wanted
