"""Structures of arrays: an LSTM's input is (x, (h, c)), a cache is a NamedTuple, a model's state is a dict of
dicts.

Everything here walks through such a structure: to list its arrays, to change each of them, to take a picture
of it and to say afterwards what differs.
"""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import numpy as np


def is_array(value: Any) -> bool:
    """Arrays and array scalars of any library: what has a shape and a dtype, and can take another shape."""
    return all(hasattr(value, name) for name in ("shape", "dtype", "reshape"))


def is_float(value: Any) -> bool:
    return is_array(value) and value.dtype.kind == "f"


def leaves(tree: Any) -> list[Any]:
    """All that is no container, from left to right; None counts: two trees can be laid side by side."""
    if isinstance(tree, tuple | list):
        return [leaf for item in tree for leaf in leaves(item)]
    if isinstance(tree, dict):
        return [leaf for item in tree.values() for leaf in leaves(item)]
    return [tree]


def map_tree(function: Any, *trees: Any) -> Any:
    """The same structure with function(leaf, ...) in place of every leaf of trees of one structure."""
    first = trees[0]
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(map_tree(function, *items) for items in zip(*trees, strict=True)))
    if isinstance(first, tuple | list):
        return type(first)(map_tree(function, *items) for items in zip(*trees, strict=True))
    if isinstance(first, dict):
        return {key: map_tree(function, *(tree[key] for tree in trees)) for key in first}
    return function(*trees)


def map_arrays(function: Any, tree: Any) -> Any:
    """The same structure with function(array) in place of every array; all else stays."""
    return map_tree(lambda leaf: function(leaf) if is_array(leaf) else leaf, tree)


def to_float32(tree: Any) -> Any:
    """Every floating point array as float32; ids, masks and keys stay what they are."""
    return map_arrays(lambda a: np.asarray(a, dtype=np.float32) if is_float(a) else a, tree)


def picture(value: Any, _seen: frozenset[int] = frozenset()) -> Any:
    """A copy of all that can be reached from a value, made of arrays, tuples and dicts: to be compared later.

    Unlike copy.deepcopy it looks into layers, parameters (`__slots__`), caches and containers alike, and
    takes whatever is none of them (a function, a dtype) as it is.
    """
    if is_array(value):
        return copy.deepcopy(value)
    if id(value) in _seen:
        return "(seen above)"
    seen = _seen | {id(value)}
    if isinstance(value, dict):
        return {key: picture(item, seen) for key, item in value.items()}
    if isinstance(value, tuple | list):
        names = getattr(value, "_fields", range(len(value)))
        return {name: picture(item, seen) for name, item in zip(names, value, strict=True)}
    if isinstance(value, set | frozenset):
        return copy.copy(value)
    attributes = attributes_of(value)
    return value if attributes is None else {name: picture(item, seen) for name, item in attributes.items()}


def attributes_of(value: Any) -> dict[str, Any] | None:
    """vars(value), with what stands in `__slots__`; None for types, functions, modules and plain values."""
    if isinstance(value, type | np.dtype) or (callable(value) and not hasattr(value, "forward")):
        return None
    slots = [name for kind in type(value).__mro__ for name in _as_names(kind.__dict__.get("__slots__", ()))]
    attributes = {name: getattr(value, name) for name in slots if hasattr(value, name)}
    if type(value).__module__ != "builtins":
        attributes |= getattr(value, "__dict__", {})
    return attributes or None


def _as_names(slots: Any) -> tuple[str, ...]:
    return (slots,) if isinstance(slots, str) else tuple(name for name in slots if not name.startswith("__"))


def difference(before: Any, after: Any, path: str = "") -> str | None:
    """Where two pictures differ, as a path; None if they are equal bit by bit (NaN equals NaN)."""
    if is_array(before) or is_array(after):
        return None if is_array(before) and is_array(after) and _same(before, after) else path or "it"
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            here = f"{path}.{key}" if path else str(key)
            if key not in before or key not in after:
                return f"{here} ({'appeared' if key in after else 'disappeared'})"
            if found := difference(before[key], after[key], here):
                return found
        return None
    same = type(before) is type(after) and (before is after or before == after or before != before)
    return None if same else path or "it"


def _same(before: Any, after: Any) -> bool:
    a, b = (getattr(array, "value", array) for array in (before, after))  # a Refusing array is looked into
    return a.shape == b.shape and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")


def is_named(cache: Any) -> bool:
    """A NamedTuple, a dataclass, or an object of a class of its own: something whose parts have names."""
    if isinstance(cache, tuple):
        return hasattr(cache, "_fields")
    own = type(cache).__module__ not in ("builtins", "numpy", "collections")
    return dataclasses.is_dataclass(cache) or (own and not is_array(cache))
