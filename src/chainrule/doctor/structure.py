"""Inputs, outputs and gradients come as arrays, numbers, tuples, lists of time steps, dicts: flattening them
to named leaves, and building the same structure again.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import numpy as np

Leaves = dict[str, np.ndarray]


def is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype != object


def identical(a: Any, b: Any) -> bool:
    """Whether two arrays hold the same numbers, NaN where the other has NaN."""
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        return False
    if a.dtype == b.dtype and a.tobytes() == b.tobytes():  # much faster, and most often so
        return True
    return bool(np.array_equal(a, b, equal_nan=a.dtype.kind in "fc" and b.dtype.kind in "fc"))


def is_real(value: Any) -> bool:
    """Whether a value is a floating number or an array of them."""
    if isinstance(value, (float, np.floating)):
        return True
    return is_array(value) and value.dtype.kind == "f"


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """(name, array or number) for every floating leaf, in order: `y`, `y.0`, `y.h`."""
    if is_real(value):
        yield name, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{name}.{key}" if name else str(key))
    elif isinstance(value, (list, tuple)):
        fields = getattr(value, "_fields", range(len(value)))
        for key, item in zip(fields, value, strict=True):
            yield from leaves(item, f"{name}.{key}" if name else str(key))


def mapped(value: Any, change: Any, name: str = "") -> Any:
    """The same structure with every floating leaf replaced by change(name, leaf)."""
    if is_real(value):
        return change(name, value)
    if isinstance(value, dict):
        return type(value)(
            (k, mapped(v, change, f"{name}.{k}" if name else str(k))) for k, v in value.items()
        )
    if isinstance(value, (list, tuple)):
        fields = getattr(value, "_fields", None)
        items = [
            mapped(v, change, f"{name}.{k}" if name else str(k))
            for k, v in zip(fields or range(len(value)), value, strict=True)
        ]
        if fields is not None:
            return type(value)(*items)
        return type(value)(items) if type(value) in (list, tuple) else items
    return value


def copied(value: Any) -> Any:
    """The same structure with arrays of its own."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, (np.random.Generator, np.random.RandomState, random.Random)):
        return copy.deepcopy(value)  # each run draws the same numbers
    if type(value) in (list, tuple):
        return type(value)(copied(v) for v in value)
    if type(value) is dict:
        return {k: copied(v) for k, v in value.items()}
    return value


def equal_structures(a: Any, b: Any) -> bool:
    """Whether the arrays in two lists, tuples or dicts hold the same numbers; all else is not compared."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return identical(a, b)
    if type(a) in (list, tuple) and type(b) in (list, tuple):
        return len(a) == len(b) and all(equal_structures(x, y) for x, y in zip(a, b, strict=True))
    if type(a) is dict and type(b) is dict:
        return a.keys() == b.keys() and all(equal_structures(a[k], b[k]) for k in a)
    return True


def as_structure(cache: Any) -> Any:
    """A cache's arrays: those of a tuple, a dict, or an object's attributes."""
    if isinstance(cache, (tuple, list, dict)) or is_array(cache) or cache is None:
        return cache
    return dict(getattr(cache, "__dict__", {}))
