"""Cuts a structure of arrays, or an object that nobody else uses, down to smaller lengths."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..arrays_inside import enterable, items_of
from ..structure import is_array
from .lengths import SMALL, Held, Mapping


def arrays_in(value: Any) -> Iterator[np.ndarray]:
    """All arrays in lists, tuples, dicts and objects, at any depth."""
    return (item for item in _inside(value) if is_array(item))


def _inside(value: Any) -> Iterator[Any]:
    """Everything in there, each object entered once."""
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        item = waiting.pop()
        yield item
        if enterable(item) and id(item) not in seen:
            seen.add(id(item))
            waiting += [v for _, v in items_of(item)]


def held_in(value: Any) -> Held:
    """The lengths of all arrays in objects at any depth, and the whole numbers that they remember: those that
    divide a length are lengths, too (`head_size`), or a number of parts (`heads`).
    """
    lengths: set[int] = set()
    numbers: set[int] = set()
    for item in _inside(value):
        if is_array(item):
            lengths |= set(item.shape)
        elif type(item) is int:
            numbers.add(item)
    axes = set(lengths)
    lengths |= {k for k in numbers if k > SMALL and any(n % k == 0 for n in lengths)}
    return Held(axes, lengths, {k for k in numbers if 1 < k <= SMALL})


class Cut:
    """Everything that is met gets the smaller lengths; what was one array stays one."""

    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self._known: dict[int, tuple[Any, Any]] = {}  # by id; the key is kept alive

    def __call__(self, value: Any, given: bool = False) -> Any:
        """given: an input, whose lists of time steps are cut, too."""
        if isinstance(value, (bool, str, bytes)) or value is None:
            return value
        if isinstance(value, int):
            return self.mapping.get(value, value)
        if isinstance(value, float):
            return self._scale(value)
        if is_array(value):
            return self._once(value, lambda: self._array(value, given))
        if isinstance(value, tuple):
            items = [self(v, given) for v in value]
            return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
        if enterable(value):
            return self._once(value, lambda: self._inside(value, given))
        return value

    def _once(self, value: Any, make: Any) -> Any:
        if id(value) not in self._known:
            self._known[id(value)] = value, value  # of what holds itself, in the meantime
            self._known[id(value)] = value, make()
        return self._known[id(value)][1]

    def _inside(self, value: Any, given: bool) -> Any:
        if given and type(value) is list and len(value) in self.mapping and _steps(value):
            del value[self.mapping[len(value)] :]
        for key, item in items_of(value):
            new = self(item, given)
            if new is item:
                continue
            if isinstance(value, (dict, list)):
                value[key] = new
            else:
                object.__setattr__(value, key, new)
        return value

    def _array(self, value: np.ndarray, given: bool) -> np.ndarray:
        shape = tuple(self.mapping.get(n, n) for n in value.shape)
        ids = value.dtype.kind in "iu" and value.size and value.max() > 1
        if shape == value.shape and not ids:
            return value
        cut: np.ndarray = value[tuple(slice(n) for n in shape)].copy()
        if ids:
            return self._ids(cut, int(value.max()))
        if value.dtype.kind != "f" or value.ndim < 2 or not value.size:
            return cut
        sums = value.sum(-1)
        if np.all(value >= 0) and np.allclose(sums, 1):
            return _distributions(cut, value)
        if not given and np.unique(value[:3]).size > 3:  # a weight, and no mask: its sums keep their size
            cut *= (value.size / cut.size) ** 0.25
        return cut

    def _ids(self, cut: np.ndarray, largest: int) -> np.ndarray:
        """Ids of fewer words, classes, steps; what is not 0 (padding) stays so."""
        fewest = min((small for n, small in self.mapping.items() if n >= largest), default=0)
        return np.where(cut > 0, (cut - 1) % (fewest - 1) + 1, cut) if fewest > 2 else cut

    def _scale(self, value: float) -> float:
        """1 / sqrt(64) is a number of features, too."""
        if not value or not math.isfinite(value):
            return value
        for power in (0.5, -0.5, -1.0, 1.0):
            n = round(value ** (1 / power)) if value > 0 else 0
            if n in self.mapping and math.isclose(float(n) ** power, value, rel_tol=1e-12):
                return float(self.mapping[n] ** power)
        return value


def _steps(value: list[Any]) -> bool:
    return all(is_array(v) or isinstance(v, (int, list, tuple)) for v in value)


def _distributions(cut: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Rows that sum to 1 still do; of those with a single 1, no row loses it."""
    rows = whole[tuple(slice(n) for n in cut.shape[:-1])]
    if np.all((rows == 0) | (rows == 1)):
        found: np.ndarray = np.eye(cut.shape[-1], dtype=whole.dtype)[rows.argmax(-1) % cut.shape[-1]]
        return found
    sums = cut.sum(-1, keepdims=True)
    even = np.where(sums > 0, cut / np.where(sums > 0, sums, 1), 1 / cut.shape[-1])
    return np.asarray(even, whole.dtype)
