"""Cutting foreign data into batches: arrays, lists of samples, tuples of several inputs; samples in rows,
in columns, or behind the time.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def count(data: Any, axis: int = 0) -> int:
    """How many samples there are; several inputs count as one."""
    if isinstance(data, dict):
        return count(next(iter(data.values())), axis) if data else 0
    if is_several(data):
        return count(data[0], axis)
    if isinstance(data, np.ndarray):
        return int(data.shape[axis % data.ndim]) if data.ndim else 0
    return len(data) if hasattr(data, "__len__") else 0


def is_several(data: Any) -> bool:
    """A tuple of arrays is several inputs; a list is a list of samples."""
    return isinstance(data, tuple) and bool(data) and all(isinstance(part, np.ndarray) for part in data)


def take(data: Any, index: np.ndarray, axis: int = 0) -> Any:
    """The samples of these numbers, in the same structure."""
    if data is None:
        return None
    if isinstance(data, dict):
        return {key: take(part, index, axis) for key, part in data.items()}
    if is_several(data):
        return tuple(take(part, index, axis) for part in data)
    if isinstance(data, np.ndarray):
        return np.take(data, index, axis=axis % max(data.ndim, 1)) if data.ndim else data
    if hasattr(data, "__len__") and not isinstance(data, str):
        return type(data)(data[int(i)] for i in index) if isinstance(data, (list, tuple)) else data
    return data


def sample_axis(x: Any, target: Any) -> int:
    """0 where samples are rows, -1 where they are columns (features, batch), 1 where time comes first."""
    first = x[0] if is_several(x) else x
    if (
        not isinstance(first, np.ndarray)
        or not isinstance(target, np.ndarray)
        or not first.ndim * target.ndim
    ):
        return 0
    same_rows, same_columns = first.shape[0] == target.shape[0], first.shape[-1] == target.shape[-1]
    if not same_rows and first.ndim > 2 and target.ndim == 1 and first.shape[1] == target.shape[0]:
        return 1
    return -1 if same_columns and not same_rows else 0


def some(target: Any, samples: int, most: int) -> np.ndarray:
    """The numbers of the first samples, or of evenly spread ones where the first have fewer classes."""
    first = np.arange(min(most, samples))
    classes = isinstance(target, np.ndarray) and target.ndim == 1 and target.dtype.kind in "iub"
    if classes and len(np.unique(target[first])) < len(np.unique(target)):
        return np.linspace(0, samples - 1, len(first)).astype(int)
    return first


def rows_of(data: Any, axis: int = 0) -> np.ndarray | None:
    """Every sample as a flat row of numbers, (samples, numbers); None where they are no numbers."""
    if is_several(data):
        parts = [rows_of(part, axis) for part in data]
        return (
            np.concatenate([p for p in parts if p is not None], 1)
            if all(p is not None for p in parts)
            else None
        )
    try:
        array = np.asarray(data, dtype=float)
    except (TypeError, ValueError):
        return None
    if array.ndim == 0:
        return None
    axis %= array.ndim
    return np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1)


def arrays_of(data: Any) -> list[np.ndarray]:
    """All arrays in a structure of inputs."""
    if isinstance(data, np.ndarray):
        return [data]
    if isinstance(data, dict):
        return [a for part in data.values() for a in arrays_of(part)]
    if isinstance(data, (list, tuple)):
        return [a for part in data for a in arrays_of(part)]
    return []


def converted(data: Any, change: Any) -> Any:
    """The same structure with every array replaced by change(array)."""
    if isinstance(data, np.ndarray):
        return change(data)
    if isinstance(data, dict):
        return {key: converted(part, change) for key, part in data.items()}
    if isinstance(data, (list, tuple)):
        return type(data)(converted(part, change) for part in data)
    return data
